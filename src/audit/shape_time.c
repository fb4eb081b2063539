#include "audit/shape.h"

#include <keel/types.h>

#include <strings.h>

static const int64_t second_us = 1000000;
static const double first_s = 631152000.0; /* 1990-01-01 */
static const double last_s = 4102444800.0; /* 2100-01-01 */

static void add(struct keel__shaped *out, enum keel__shape shape)
{
    out->shapes |= KEEL__SHAPE_BIT(shape);
}

static void set_time(struct keel__shaped *out, int64_t us)
{
    out->has_time = true;
    out->time_us = us;
}

void keel__shape_epoch(double value, struct keel__shaped *out)
{
    static const struct {
        double unit;
        enum keel__shape shape;
    } units[] = {{1, KEEL__SHAPE_EPOCH_S},
                 {1e3, KEEL__SHAPE_EPOCH_MS},
                 {1e6, KEEL__SHAPE_EPOCH_US},
                 {1e9, KEEL__SHAPE_EPOCH_US}};
    if (!(value >= first_s))
        return;
    for (size_t i = 0; i < sizeof units / sizeof *units; i++)
        if (value >= first_s * units[i].unit && value < last_s * units[i].unit) {
            add(out, units[i].shape);
            set_time(out, (int64_t)(value / units[i].unit * 1e6));
            return;
        }
}

/* ---- reading --------------------------------------------------------------------------------- */

struct cursor {
    const char *at, *end;
};

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* Exactly count digits. */
static bool digits(struct cursor *in, int count, unsigned *out)
{
    *out = 0;
    for (int i = 0; i < count; i++) {
        if (in->at == in->end || !is_digit(*in->at))
            return false;
        *out = *out * 10 + (unsigned)(*in->at++ - '0');
    }
    return true;
}

/* One or two digits. */
static bool few_digits(struct cursor *in, unsigned *out)
{
    if (!digits(in, 1, out))
        return false;
    if (in->at < in->end && is_digit(*in->at))
        *out = *out * 10 + (unsigned)(*in->at++ - '0');
    return true;
}

static bool take(struct cursor *in, char c)
{
    if (in->at == in->end || *in->at != c)
        return false;
    in->at++;
    return true;
}

static bool is_day(unsigned year, unsigned month, unsigned day)
{
    static const unsigned char lengths[] = {31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    return year >= 1 && month >= 1 && month <= 12 && day >= 1 && day <= lengths[month - 1] &&
           (month != 2 || day < 29 || leap);
}

/* Midnight UTC. Howard Hinnant, "chrono-compatible low-level date algorithms", days_from_civil. */
static int64_t midnight_us(unsigned y, unsigned month, unsigned day)
{
    int64_t year = (int64_t)y - (month <= 2), era = year / 400;
    unsigned of_era = (unsigned)(year - era * 400);
    unsigned of_year = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;
    int64_t days = era * 146097 + (int64_t)of_era * 365 + of_era / 4 - of_era / 100 + of_year;
    return (days - 719468) * 86400 * second_us;
}

/* hh:mm[:ss[.f]] */
static bool clock_time(struct cursor *in, int64_t *us, bool *fraction, bool *possible)
{
    unsigned hour, minute, second = 0;
    int64_t part = 0;
    *fraction = false;
    if (!digits(in, 2, &hour) || !take(in, ':') || !digits(in, 2, &minute))
        return false;
    if (take(in, ':')) {
        if (!digits(in, 2, &second))
            return false;
        if (in->at < in->end && (*in->at == '.' || *in->at == ',')) {
            int64_t unit = second_us;
            for (in->at++; in->at < in->end && is_digit(*in->at); in->at++) {
                unit /= 10;
                part += (*in->at - '0') * unit;
                *fraction = true;
            }
            if (!*fraction)
                return false;
        }
    }
    *possible = minute < 60 && second <= 60 &&
                (hour < 24 || (hour == 24 && minute == 0 && second == 0 && part == 0));
    *us = (int64_t)(hour * 3600 + minute * 60 + second) * second_us + part;
    return true;
}

enum zone { LOCAL, ZULU, OFFSET, NO_ZONE };

/* Z, +hh, +hh:mm, +hhmm, +hh:mm:ss (PostgreSQL prints local mean time so), " UTC". */
static enum zone zone_of(struct cursor *in, int64_t *offset_us)
{
    *offset_us = 0;
    if (in->at == in->end)
        return LOCAL;
    if (in->end - in->at == 1 && (*in->at == 'Z' || *in->at == 'z'))
        return ZULU;
    if (in->end - in->at == 4 && (memcmp(in->at, " UTC", 4) == 0 || memcmp(in->at, " GMT", 4) == 0))
        return ZULU;
    if (in->end - in->at > 1 && *in->at == ' ')
        in->at++;
    bool west = *in->at == '-';
    unsigned hour, minute = 0, second = 0;
    if ((*in->at != '+' && *in->at != '-') || (in->at++, !digits(in, 2, &hour)))
        return NO_ZONE;
    if (in->at < in->end) {
        bool colon = take(in, ':');
        if (!digits(in, 2, &minute))
            return NO_ZONE;
        if (colon && in->at < in->end && (!take(in, ':') || !digits(in, 2, &second)))
            return NO_ZONE;
    }
    if (in->at != in->end || hour > 15 || minute > 59 || second > 59)
        return NO_ZONE;
    *offset_us = (int64_t)(hour * 3600 + minute * 60 + second) * second_us * (west ? -1 : 1);
    return OFFSET;
}

/* ---- forms ----------------------------------------------------------------------------------- */

/* What follows YYYY-MM-DD and one T or blank. */
static void timestamp(struct cursor *in, char separator, int64_t midnight, bool is_a_day,
                      struct keel__shaped *out)
{
    static const enum keel__shape t[] = {[LOCAL] = KEEL__SHAPE_TIME_T_LOCAL,
                                         [ZULU] = KEEL__SHAPE_TIME_T_ZULU,
                                         [OFFSET] = KEEL__SHAPE_TIME_T_OFFSET};
    static const enum keel__shape blank[] = {[LOCAL] = KEEL__SHAPE_TIME_BLANK_LOCAL,
                                             [ZULU] = KEEL__SHAPE_TIME_BLANK_ZULU,
                                             [OFFSET] = KEEL__SHAPE_TIME_BLANK_OFFSET};
    int64_t clock_us, offset_us;
    bool fraction, possible;
    if (!clock_time(in, &clock_us, &fraction, &possible))
        return;
    enum zone zone = zone_of(in, &offset_us);
    if (zone == NO_ZONE)
        return;
    if (!is_a_day || !possible) {
        add(out, KEEL__SHAPE_DATE_BROKEN);
        return;
    }
    enum keel__shape shape = separator == ' ' ? blank[zone] : t[zone];
    add(out, shape);
    if (fraction) {
        add(out, KEEL__SHAPE_TIME_FRACTION);
        add(out, shape + (KEEL__SHAPE_TIME_T_ZULU_FRACTION - KEEL__SHAPE_TIME_T_ZULU));
    }
    if (zone != LOCAL && offset_us == 0)
        add(out, KEEL__SHAPE_TIME_UTC);
    set_time(out, midnight + clock_us - offset_us);
}

/* YYYY-MM-DD and what may follow. */
static bool iso(struct cursor in, struct keel__shaped *out)
{
    unsigned year, month, day;
    if (!digits(&in, 4, &year) || !take(&in, '-') || !digits(&in, 2, &month) || !take(&in, '-') ||
        !digits(&in, 2, &day))
        return false;
    bool is_a_day = is_day(year, month, day);
    int64_t midnight = is_a_day ? midnight_us(year, month, day) : 0;
    if (in.at == in.end) {
        add(out, is_a_day ? KEEL__SHAPE_DATE : KEEL__SHAPE_DATE_BROKEN);
        if (is_a_day)
            set_time(out, midnight);
        return true;
    }
    char separator = *in.at++;
    if (separator == 'T' || separator == 't' || separator == ' ')
        timestamp(&in, separator, midnight, is_a_day, out);
    return true;
}

/* YYYYMMDD */
static void compact(struct cursor in, struct keel__shaped *out)
{
    unsigned year, month, day;
    if (in.end - in.at != 8 || !digits(&in, 4, &year) || !digits(&in, 2, &month) ||
        !digits(&in, 2, &day) || year < 1900 || year > 2100)
        return;
    if (!is_day(year, month, day)) {
        add(out, KEEL__SHAPE_DATE_BROKEN);
        return;
    }
    add(out, KEEL__SHAPE_DATE_COMPACT);
    set_time(out, midnight_us(year, month, day));
}

/* Nothing, or white space (or a comma) and a clock time with anything short behind it. */
static bool clock_may_follow(struct cursor in)
{
    int64_t us;
    bool fraction, possible;
    if (in.at == in.end)
        return true;
    take(&in, ',');
    unsigned hour, minute;
    if (!take(&in, ' ') || in.end - in.at > 32)
        return false;
    struct cursor again = in;
    return clock_time(&in, &us, &fraction, &possible) ||
           (few_digits(&again, &hour) && take(&again, ':') && digits(&again, 2, &minute));
}

/* D/M/Y, M/D/Y, Y/M/D, D.M.Y, D-M-Y; the day or month of one or two digits, the year of four, or
 * of two at the end. */
static bool parted(struct cursor in, struct keel__shaped *out)
{
    unsigned first, second, third;
    struct cursor year_first = in;
    if (digits(&year_first, 4, &first) && take(&year_first, '/') &&
        few_digits(&year_first, &second) && take(&year_first, '/') &&
        few_digits(&year_first, &third))
        in = year_first;
    else {
        if (!few_digits(&in, &third) || in.at == in.end)
            return false;
        char separator = *in.at++;
        if ((separator != '/' && separator != '.' && separator != '-') ||
            !few_digits(&in, &second) || !take(&in, separator))
            return false;
        struct cursor two = in;
        if (!digits(&in, 4, &first)) {
            /* 1.2.30 is more likely a version, 1-2-30 anything */
            if (separator != '/' || !digits(&two, 2, &first))
                return false;
            in = two;
            first += 2000;
        }
    }
    bool possible = is_day(first, second, third) || is_day(first, third, second);
    if (!possible || !clock_may_follow(in))
        return false;
    add(out, KEEL__SHAPE_DATE_OTHER);
    return true;
}

static bool month_name(struct cursor *in)
{
    static const char names[][10] = {"january",   "february", "march",    "april",
                                     "may",       "june",     "july",     "august",
                                     "september", "october",  "november", "december"};
    size_t size = 0, left = (size_t)(in->end - in->at);
    while (size < left && ((in->at[size] | 0x20) >= 'a' && (in->at[size] | 0x20) <= 'z'))
        size++;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if ((size == 3 || size == strlen(names[i]) || (size == 4 && i == 8)) &&
            strncasecmp(in->at, names[i], size) == 0) {
            in->at += size;
            take(in, '.');
            return true;
        }
    return false;
}

static void skip_weekday(struct cursor *in)
{
    static const char days[][4] = {"mon", "tue", "wed", "thu", "fri", "sat", "sun"};
    for (size_t i = 0; i < sizeof days / sizeof *days; i++)
        if (in->end - in->at > 5 && strncasecmp(in->at, days[i], 3) == 0) {
            struct cursor after = {in->at + 3, in->end};
            take(&after, ',');
            if (take(&after, ' '))
                *in = after;
            return;
        }
}

/* "Nov 22 2026", "Nov 22, 2026", "22 Nov 2026", "22-Nov-2026", "Sun, 22 Nov 2026 10:00:00 GMT",
 * "Sun Nov 22 10:00:00 2026" */
static void named(struct cursor in, struct keel__shaped *out)
{
    unsigned day, year;
    skip_weekday(&in);
    bool month_first = month_name(&in);
    if (month_first) {
        if (!take(&in, ' '))
            return;
        take(&in, ' ');
        if (!few_digits(&in, &day))
            return;
        take(&in, ',');
        if (!take(&in, ' '))
            return;
    } else if (!few_digits(&in, &day) || (!take(&in, ' ') && !take(&in, '-')) || !month_name(&in) ||
               (take(&in, ','), !take(&in, ' ') && !take(&in, '-')))
        return;
    struct cursor after_day = in;
    if (day < 1 || day > 31)
        return;
    if (digits(&in, 4, &year) && year > 0 && clock_may_follow(in)) {
        add(out, KEEL__SHAPE_DATE_OTHER);
        return;
    }
    int64_t us;
    bool fraction, possible;
    if (month_first && clock_time(&after_day, &us, &fraction, &possible) && take(&after_day, ' ') &&
        digits(&after_day, 4, &year) && after_day.at == after_day.end)
        add(out, KEEL__SHAPE_DATE_OTHER); /* asctime(3) */
}

void keel__shape_time(struct keel_slice text, struct keel__shaped *out)
{
    struct cursor in = {text.data, text.data + text.size};
    if (text.size < 5 || text.size > 64)
        return;
    if (!is_digit(*in.at)) {
        char c = (char)(*in.at | 0x20);
        if (text.size >= 10 && c >= 'a' && c <= 'w')
            named(in, out);
        return;
    }
    int64_t us;
    bool fraction, possible;
    struct cursor clock = in;
    if (in.at[2] == ':' && clock_time(&clock, &us, &fraction, &possible) && possible &&
        clock.at == clock.end) {
        add(out, KEEL__SHAPE_CLOCK);
        return;
    }
    if (text.size < 6)
        return;
    if (text.size >= 8 && iso(in, out))
        return;
    compact(in, out);
    if (!parted(in, out) && text.size >= 10)
        named(in, out);
}
