#include <keel/types.h>

#include <stdio.h>
#include <time.h>

/* Days since 1970-01-01 of a date of the proleptic Gregorian calendar, and back: Howard Hinnant,
 * "chrono-compatible low-level date algorithms", days_from_civil and civil_from_days. */
static int64_t days_from_date(int64_t year, unsigned month, unsigned day)
{
    year -= month <= 2;
    int64_t era = (year >= 0 ? year : year - 399) / 400;
    unsigned year_of_era = (unsigned)(year - era * 400);
    unsigned day_of_year = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;
    unsigned day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    return era * 146097 + (int64_t)day_of_era - 719468;
}

static void date_from_days(int64_t days, int *year, unsigned *month, unsigned *day)
{
    days += 719468;
    int64_t era = (days >= 0 ? days : days - 146096) / 146097;
    unsigned day_of_era = (unsigned)(days - era * 146097);
    unsigned year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    unsigned day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    unsigned shifted_month = (5 * day_of_year + 2) / 153;
    *day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
    *month = shifted_month < 10 ? shifted_month + 3 : shifted_month - 9;
    *year = (int)(year_of_era + era * 400 + (*month <= 2));
}

static const int64_t second_us = 1000000, day_us = INT64_C(86400) * 1000000;
static const int64_t first_us = INT64_C(-62135596800) * 1000000;         /* 0001-01-01T00:00:00Z */
static const int64_t last_us = INT64_C(253402300799) * 1000000 + 999999; /* end of 9999 */

void keel_time_format(int64_t unix_us, char out[28])
{
    if (unix_us < first_us)
        unix_us = first_us;
    if (unix_us > last_us)
        unix_us = last_us;
    int64_t days = unix_us / day_us - (unix_us % day_us < 0);
    int64_t rest = unix_us - days * day_us;
    int year;
    unsigned month, day;
    date_from_days(days, &year, &month, &day);
    unsigned seconds = (unsigned)(rest / second_us), us = (unsigned)(rest % second_us);
    snprintf(out, 28, "%04u-%02u-%02uT%02u:%02u:%02u.%06uZ", (unsigned)year % 10000, month % 100,
             day % 100, seconds / 3600 % 100, seconds / 60 % 60, seconds % 60, us);
}

/* A cursor over the text; every step fails once one has. */
struct reader {
    const char *at, *end;
    bool failed;
};

static unsigned digits(struct reader *in, int count)
{
    unsigned value = 0;
    for (; count > 0 && in->at < in->end && *in->at >= '0' && *in->at <= '9'; count--)
        value = value * 10 + (unsigned)(*in->at++ - '0');
    in->failed |= count > 0;
    return value;
}

static bool accept(struct reader *in, const char *set)
{
    if (in->failed || in->at == in->end || !*in->at || !strchr(set, *in->at))
        return false;
    in->at++;
    return true;
}

static void expect(struct reader *in, const char *set)
{
    in->failed |= !accept(in, set);
}

static int64_t read_date(struct reader *in)
{
    static const unsigned char lengths[] = {31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    unsigned year = digits(in, 4);
    expect(in, "-");
    unsigned month = digits(in, 2);
    expect(in, "-");
    unsigned day = digits(in, 2);
    bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    if (in->failed || year < 1 || month < 1 || month > 12 || day < 1 || day > lengths[month - 1] ||
        (month == 2 && day == 29 && !leap)) {
        in->failed = true;
        return 0;
    }
    return days_from_date(year, month, day) * day_us;
}

static int64_t read_fraction_us(struct reader *in)
{
    int64_t us = 0;
    int count = 0;
    for (; in->at < in->end && *in->at >= '0' && *in->at <= '9'; in->at++, count++)
        if (count < 6)
            us = us * 10 + (*in->at - '0');
    in->failed |= count < 1 || count > 9;
    for (; count < 6; count++)
        us *= 10;
    return us;
}

/* hh:mm:ss[.fraction]; a leap second (:60) becomes the second after. */
static int64_t read_clock(struct reader *in)
{
    unsigned hour = digits(in, 2);
    expect(in, ":");
    unsigned minute = digits(in, 2);
    expect(in, ":");
    unsigned second = digits(in, 2);
    in->failed |= hour > 23 || minute > 59 || second > 60;
    int64_t us = (int64_t)(hour * 3600 + minute * 60 + second) * second_us;
    if (accept(in, "."))
        us += read_fraction_us(in);
    return us;
}

static int64_t read_offset(struct reader *in)
{
    if (accept(in, "Zz"))
        return 0;
    bool west = in->at < in->end && *in->at == '-';
    expect(in, "+-");
    unsigned hour = digits(in, 2);
    expect(in, ":");
    unsigned minute = digits(in, 2);
    in->failed |= hour > 23 || minute > 59;
    int64_t us = (int64_t)(hour * 3600 + minute * 60) * second_us;
    return west ? -us : us;
}

bool keel_time_parse(struct keel_slice text, int64_t *unix_us)
{
    struct reader in = {text.data, text.data ? text.data + text.size : NULL, text.data == NULL};
    int64_t us = read_date(&in);
    if (!in.failed && in.at < in.end) {
        expect(&in, "Tt ");
        us += read_clock(&in);
        us -= read_offset(&in);
    }
    if (in.failed || in.at != in.end)
        return false;
    *unix_us = us;
    return true;
}

int64_t keel_time_now_us(void)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * second_us + now.tv_nsec / 1000;
}
