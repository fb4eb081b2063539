#include "audit/report.h"
#include "base/arena.h"
#include "base/map.h"
#include "base/utf8.h"

#include <stdio.h>
#include <stdlib.h>

struct style {
    const char *bold, *dim, *severity[KEEL_SEVERITY_ERROR + 1], *end;
};

static const struct style plain = {"", "", {"", "", "", ""}, ""};
static const struct style colored = {
    "\033[1m", "\033[2m", {"", "\033[36m", "\033[33m", "\033[31m"}, "\033[0m"};

/* Text from a database: what would steer the terminal is shown as \xNN, line ends as \n. */
static void safe(struct keel__str *out, const char *text)
{
    size_t size = strlen(text);
    for (size_t i = 0; i < size;) {
        uint32_t c;
        size_t length = keel__utf8_decode(text + i, size - i, &c, NULL);
        bool bidi = (c >= 0x202A && c <= 0x202E) || (c >= 0x2066 && c <= 0x2069);
        if (length == 0) {
            keel__str_printf(out, "\\x%02x", (unsigned char)text[i++]);
            continue;
        }
        if (c == '\n')
            keel__str_text(out, "\\n");
        else if (c == '\t')
            keel__str_text(out, "\\t");
        else if (c < 0x20 || (c >= 0x7F && c < 0xA0) || bidi)
            keel__str_printf(out, "\\x%02x", (unsigned)c);
        else
            keel__str_append(out, text + i, length);
        i += length;
    }
}

static void number(struct keel__str *out, int64_t value)
{
    char digits[32];
    int size = snprintf(digits, sizeof digits, "%lld", (long long)value);
    for (int i = 0; i < size; i++) {
        if (i && (size - i) % 3 == 0 && digits[i - 1] != '-')
            keel__str_char(out, ',');
        keel__str_char(out, digits[i]);
    }
}

static void place(struct keel__str *out, const struct keel_finding *finding)
{
    for (size_t i = 0; i < finding->column_count; i++) {
        keel__str_text(out, i ? ", " : "");
        safe(out, finding->columns[i]);
    }
    if (finding->object) {
        keel__str_printf(out, "%s%s ", finding->column_count ? ", " : "", finding->object_kind);
        safe(out, finding->object);
    }
    if (finding->column_count || finding->object)
        keel__str_text(out, ": ");
}

static void details(struct keel__str *out, const struct keel_finding *finding,
                    const struct style *style)
{
    keel__str_printf(out, "           %s", style->dim);
    for (size_t i = 0; i < finding->example_count; i++) {
        keel__str_text(out, i ? " | " : "e.g. ");
        safe(out, finding->examples[i]);
    }
    if (finding->example_count)
        keel__str_text(out, "\n           ");
    keel__str_printf(out, "%s", finding->rule);
    if (finding->sampled)
        keel__str_text(out, ", from a sample");
    if (finding->fix != KEEL_FIX_NONE)
        keel__str_printf(out, ", fix: %s", keel_fix_name(finding->fix));
    if (finding->fix_text) {
        keel__str_text(out, ": ");
        safe(out, finding->fix_text);
    }
    keel__str_printf(out, "%s\n", style->end);
}

static void write_finding(struct keel__str *out, const struct keel_finding *finding,
                          const struct style *style)
{
    keel__str_printf(out, "  %s%-8s%s ", style->severity[finding->severity],
                     keel_severity_name(finding->severity), style->end);
    place(out, finding);
    safe(out, finding->message);
    keel__str_char(out, '\n');
    details(out, finding, style);
}

/* ---- by table -------------------------------------------------------------------------------- */

struct entry {
    const struct keel_finding *finding;
    size_t table; /* the first finding of its table */
    size_t index;
};

static int by_table(const void *left, const void *right)
{
    const struct entry *a = left, *b = right;
    if (a->table != b->table)
        return a->table < b->table ? -1 : 1;
    return a->index < b->index ? -1 : a->index > b->index;
}

/* The findings to show, those of a table together, the table with the worst first. */
static struct entry *grouped(struct keel__arena *arena, const struct keel__report *report,
                             size_t *count)
{
    struct keel__map tables;
    struct keel__str key;
    struct entry *entries =
        keel__arena_calloc(arena, report->audit->count ? report->audit->count : 1, sizeof *entries);
    keel__map_init(&tables, arena);
    *count = 0;
    for (size_t i = 0; entries && i < report->audit->count; i++) {
        const struct keel_finding *finding = &report->audit->findings[i];
        if (finding->suppressed || !keel__report_shows(report, finding))
            continue;
        keel__str_init(&key, 0);
        keel__report_table(&key, finding);
        struct keel_slice name = keel__arena_slice(arena, keel__str_view(&key));
        keel__str_fini(&key);
        void **place_of = name.data ? keel__map_at(&tables, 0, name) : NULL;
        if (!place_of)
            return NULL;
        struct entry *entry = &entries[(*count)++];
        if (!*place_of)
            *place_of = entry;
        *entry = (struct entry){finding, (size_t)((struct entry *)*place_of - entries), i};
    }
    if (entries && *count)
        qsort(entries, *count, sizeof *entries, by_table);
    return entries;
}

static void lines(struct keel__str *out, const char *head, const char *const *texts, size_t count)
{
    if (count)
        keel__str_printf(out, "\n%s\n", head);
    for (size_t i = 0; i < count; i++) {
        keel__str_text(out, "  ");
        safe(out, texts[i]);
        keel__str_char(out, '\n');
    }
}

static void summary(struct keel__str *out, const struct keel__report *report,
                    const struct style *style)
{
    const struct keel_audit *audit = report->audit;
    size_t automatic = 0;
    for (size_t i = 0; i < audit->count; i++)
        automatic += audit->findings[i].fix == KEEL_FIX_AUTOMATIC && !audit->findings[i].suppressed;
    keel__str_printf(out, "\n%s", style->bold);
    if (audit->errors + audit->warnings + audit->advice == 0)
        keel__str_text(out, "no findings");
    else
        keel__str_printf(out, "%zu error%s, %zu warning%s, %zu advice", audit->errors,
                         audit->errors == 1 ? "" : "s", audit->warnings,
                         audit->warnings == 1 ? "" : "s", audit->advice);
    keel__str_printf(out, "%s; ", style->end);
    if (audit->suppressed)
        keel__str_printf(out, "%zu suppressed; ", audit->suppressed);
    number(out, audit->tables);
    keel__str_printf(out, " table%s, ", audit->tables == 1 ? "" : "s");
    number(out, audit->rows);
    keel__str_printf(out, " row%s read%s\n", audit->rows == 1 ? "" : "s",
                     audit->sampled ? " (big tables by a sample: --full reads all)" : "");
    if (automatic)
        keel__str_printf(out, "--fix DIR writes a migration that repairs %zu of them.\n",
                         automatic);
}

void keel__report_text(struct keel__str *out, const struct keel__report *report)
{
    const struct style *style = report->colors ? &colored : &plain;
    struct keel__arena arena;
    size_t count = 0;
    keel__arena_init(&arena, 0);
    const struct entry *entries = grouped(&arena, report, &count);
    if (!entries)
        out->failed = true;
    for (size_t i = 0; entries && i < count; i++) {
        if (i == 0 || entries[i].table != entries[i - 1].table) {
            struct keel__str name;
            keel__str_init(&name, 0);
            keel__report_table(&name, entries[i].finding);
            keel__str_printf(out, "%s%s", i ? "\n" : "", style->bold);
            safe(out, name.size ? name.data : "(the database)");
            keel__str_printf(out, "%s\n", style->end);
            keel__str_fini(&name);
        }
        write_finding(out, entries[i].finding, style);
    }
    lines(out, "not looked at:", report->audit->skipped, report->audit->skipped_count);
    lines(out, "notes:", report->audit->notes, report->audit->note_count);
    summary(out, report, style);
    keel__arena_fini(&arena);
}
