#include "cli/term.h"

#include <stdlib.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>
#include <wchar.h>

static bool wants_color(const struct keel__global *global, FILE *out)
{
    if (global->color != KEEL__COLOR_AUTO)
        return global->color == KEEL__COLOR_ALWAYS;
    const char *no_color = getenv("NO_COLOR");
    const char *term = getenv("TERM");
    return isatty(fileno(out)) && !(no_color && *no_color) && term && strcmp(term, "dumb") != 0;
}

void keel__term_init(struct keel__term *term, const struct keel__global *global, FILE *out)
{
    struct winsize size;
    term->out = out;
    term->color = wants_color(global, out);
    term->width = 0;
    const char *columns = getenv("COLUMNS");
    if (columns && atoi(columns) > 0)
        term->width = atoi(columns);
    else if (isatty(fileno(out)) && !ioctl(fileno(out), TIOCGWINSZ, &size) && size.ws_col > 0)
        term->width = size.ws_col;
}

void keel__term_style(const struct keel__term *term, enum keel__style style)
{
    static const char *const codes[] = {"", "1", "2", "31", "32", "33", "34", "35", "36"};
    if (term->color && style != KEEL__PLAIN)
        fprintf(term->out, "\033[%sm", codes[style]);
}

void keel__term_reset(const struct keel__term *term)
{
    if (term->color)
        fputs("\033[0m", term->out);
}

/* One character of text: its bytes, and what is shown for it. */
struct glyph {
    size_t size;
    int columns;
    char escape[8]; /* shown instead of the bytes; "" if they show themselves */
};

static struct glyph glyph_at(struct keel_slice text, size_t at)
{
    struct glyph glyph = {1, 1, ""};
    wchar_t wide;
    mbstate_t state = {0};
    size_t size = mbrtowc(&wide, text.data + at, text.size - at, &state);
    if (size == (size_t)-1 || size == (size_t)-2) {
        memcpy(glyph.escape, "\xEF\xBF\xBD", 4);
        return glyph;
    }
    glyph.size = size ? size : 1;
    glyph.columns = wcwidth(wide);
    bool control = size == 0 || wide < 0x20 || (wide >= 0x7f && wide < 0xa0);
    bool directional = (wide >= 0x200e && wide <= 0x200f) || (wide >= 0x202a && wide <= 0x202e) ||
                       (wide >= 0x2066 && wide <= 0x2069);
    if (wide == '\n' || wide == '\t')
        glyph.columns =
            snprintf(glyph.escape, sizeof glyph.escape, "\\%c", wide == '\n' ? 'n' : 't');
    else if (control)
        glyph.columns = snprintf(glyph.escape, sizeof glyph.escape, "\\x%02x", (unsigned)wide);
    else if (directional)
        glyph.columns = snprintf(glyph.escape, sizeof glyph.escape, "\\u%04x", (unsigned)wide);
    else if (glyph.columns < 0)
        glyph.columns = 0;
    return glyph;
}

static void write_safe(FILE *out, struct keel_slice text, bool lines)
{
    for (size_t at = 0; at < text.size;) {
        struct glyph glyph = glyph_at(text, at);
        bool stands = lines && (text.data[at] == '\n' || text.data[at] == '\t');
        if (glyph.escape[0] && !stands)
            fputs(glyph.escape, out);
        else
            fwrite(text.data + at, 1, glyph.size, out);
        at += glyph.size;
    }
}

void keel__term_safe(FILE *out, struct keel_slice text)
{
    write_safe(out, text, false);
}

void keel__term_safe_lines(FILE *out, struct keel_slice text)
{
    write_safe(out, text, true);
}

int keel__term_columns(struct keel_slice text)
{
    int columns = 0;
    for (size_t at = 0; at < text.size;) {
        struct glyph glyph = glyph_at(text, at);
        columns += glyph.columns;
        at += glyph.size;
    }
    return columns;
}

struct keel_slice keel__term_fit(struct keel_slice text, int columns)
{
    size_t at = 0;
    while (at < text.size) {
        struct glyph glyph = glyph_at(text, at);
        if (glyph.columns > columns)
            break;
        columns -= glyph.columns;
        at += glyph.size;
    }
    return keel_slice(text.data, at);
}

void keel__human_duration(int64_t us, char out[32])
{
    if (us < 0)
        snprintf(out, 32, "-");
    else if (us < 1000)
        snprintf(out, 32, "%lldus", (long long)us);
    else if (us < 1000000)
        snprintf(out, 32, "%.*fms", us < 10000, (double)us / 1e3);
    else if (us < 60000000)
        snprintf(out, 32, "%.*fs", us < 10000000 ? 2 : 1, (double)us / 1e6);
    else if (us < 3600000000)
        snprintf(out, 32, "%lldm%02llds", (long long)(us / 60000000),
                 (long long)(us / 1000000 % 60));
    else
        snprintf(out, 32, "%lldh%02lldm", (long long)(us / 3600000000),
                 (long long)(us / 60000000 % 60));
}

void keel__human_count(int64_t count, char out[32])
{
    char digits[24];
    if (count < 0) {
        snprintf(out, 32, "-");
        return;
    }
    int length = snprintf(digits, sizeof digits, "%lld", (long long)count);
    int at = 0;
    for (int i = 0; i < length; i++) {
        if (i && (length - i) % 3 == 0)
            out[at++] = ',';
        out[at++] = digits[i];
    }
    out[at] = '\0';
}

/* Cents from a dollar up, three digits that say something below. */
void keel__human_money(int64_t nusd, char out[32])
{
    double dollars = (double)nusd / 1e9;
    int digits = 2;
    if (nusd == 0) {
        snprintf(out, 32, "$0");
        return;
    }
    for (double size = dollars < 0 ? -dollars : dollars; size < 0.995 && digits < 9; size *= 10)
        digits++;
    snprintf(out, 32, "$%.*f", digits, dollars);
}

void keel__human_time(int64_t unix_us, char out[32])
{
    if (!unix_us) {
        snprintf(out, 32, "-");
        return;
    }
    time_t at = (time_t)(unix_us / 1000000), now = time(NULL);
    struct tm then_parts, now_parts;
    localtime_r(&at, &then_parts);
    localtime_r(&now, &now_parts);
    strftime(out, 32, then_parts.tm_year == now_parts.tm_year ? "%b %d %H:%M:%S" : "%Y-%m-%d %H:%M",
             &then_parts);
}

enum keel__style keel__status_style(const char *status)
{
    static const struct {
        const char *status;
        enum keel__style style;
    } styles[] = {{"completed", KEEL__GREEN},  {"ok", KEEL__GREEN},
                  {"failed", KEEL__RED},       {"error", KEEL__RED},
                  {"in_progress", KEEL__CYAN}, {"blocked", KEEL__YELLOW},
                  {"pending", KEEL__DIM},      {"cancelled", KEEL__DIM}};
    for (size_t i = 0; i < sizeof styles / sizeof *styles; i++)
        if (!strcmp(status, styles[i].status))
            return styles[i].style;
    return KEEL__PLAIN;
}
