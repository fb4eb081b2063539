#include "audit/run.h"
#include "audit/secret.h"
#include "base/error.h"
#include "base/hash.h"
#include "base/hex.h"
#include "base/utf8.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_EXAMPLE_BYTES = 120, MAX_SKIPPED = 10000 };

static const char *const severity_names[] = {
    [KEEL_SEVERITY_ADVICE] = "advice",
    [KEEL_SEVERITY_WARNING] = "warning",
    [KEEL_SEVERITY_ERROR] = "error",
};

const char *keel_severity_name(enum keel_severity severity)
{
    return severity >= KEEL_SEVERITY_ADVICE && severity <= KEEL_SEVERITY_ERROR
               ? severity_names[severity]
               : "unknown";
}

bool keel_severity_parse(const char *text, enum keel_severity *out)
{
    for (int i = KEEL_SEVERITY_ADVICE; i <= KEEL_SEVERITY_ERROR; i++)
        if (strcmp(text, severity_names[i]) == 0) {
            *out = (enum keel_severity)i;
            return true;
        }
    return false;
}

const char *keel_fix_name(enum keel_fix fix)
{
    switch (fix) {
    case KEEL_FIX_AUTOMATIC:
        return "automatic";
    case KEEL_FIX_NEEDS_DECISION:
        return "needs-decision";
    case KEEL_FIX_NONE:
        break;
    }
    return "none";
}

/* Room for one more at the end of an array in arena. */
static void *more(struct keel__arena *arena, void *items, size_t count, size_t *capacity,
                  size_t size)
{
    if (count < *capacity)
        return items;
    size_t wanted = *capacity ? *capacity * 2 : 16;
    void *grown = keel__arena_grow(arena, items, *capacity, wanted, size);
    if (grown)
        *capacity = wanted;
    return grown;
}

struct keel_finding *keel__finding_add(struct keel__audit *audit, const struct keel__rule *rule,
                                       const struct keel_table_model *table)
{
    struct keel__findings *found = audit->found;
    struct keel_finding **items = more(audit->arena, found->items, found->count, &found->capacity,
                                       sizeof(struct keel_finding *));
    struct keel_finding *finding = keel__arena_calloc(audit->arena, 1, sizeof *finding);
    if (!items || !finding) {
        found->failed = true;
        return NULL;
    }
    found->items = items;
    items[found->count++] = finding;
    finding->rule = rule->about.id;
    finding->severity = rule->about.severity;
    finding->fix = rule->about.fix;
    if (table) {
        finding->schema = table->schema;
        finding->table = table->name;
    }
    return finding;
}

void keel__finding_columns(struct keel__audit *audit, struct keel_finding *finding,
                           const char *const *columns, size_t count)
{
    if (!finding)
        return;
    const char **copy = keel__arena_calloc(audit->arena, count, sizeof *copy);
    if (!copy) {
        audit->found->failed = true;
        return;
    }
    for (size_t i = 0; i < count; i++)
        copy[i] = columns[i];
    finding->columns = copy;
    finding->column_count = count;
}

void keel__finding_column(struct keel__audit *audit, struct keel_finding *finding,
                          const char *column)
{
    keel__finding_columns(audit, finding, &column, 1);
}

void keel__finding_object(struct keel_finding *finding, const char *kind, const char *name)
{
    if (!finding)
        return;
    finding->object_kind = kind;
    finding->object = name;
}

__attribute__((format(printf, 2, 0))) static const char *say(struct keel__audit *audit,
                                                             const char *format, va_list args)
{
    va_list again;
    va_copy(again, args);
    int size = vsnprintf(NULL, 0, format, again);
    va_end(again);
    char *text = size < 0 ? NULL : keel__arena_alloc(audit->arena, (size_t)size + 1);
    if (!text) {
        audit->found->failed = true;
        return "";
    }
    vsnprintf(text, (size_t)size + 1, format, args);
    return text;
}

void keel__finding_say(struct keel__audit *audit, struct keel_finding *finding, const char *format,
                       ...)
{
    if (!finding)
        return;
    va_list args;
    va_start(args, format);
    finding->message = say(audit, format, args);
    va_end(args);
}

__attribute__((format(printf, 5, 0))) static void add_line(struct keel__audit *audit,
                                                           const char ***lines, size_t *count,
                                                           size_t *capacity, const char *format,
                                                           va_list args)
{
    if (*count >= MAX_SKIPPED)
        return;
    const char **grown = more(audit->arena, *lines, *count, capacity, sizeof *grown);
    if (!grown) {
        audit->found->failed = true;
        return;
    }
    *lines = grown;
    grown[(*count)++] = say(audit, format, args);
}

void keel__audit_skip(struct keel__audit *audit, const char *format, ...)
{
    struct keel__findings *found = audit->found;
    va_list args;
    va_start(args, format);
    add_line(audit, &found->skipped, &found->skipped_count, &found->skipped_capacity, format, args);
    va_end(args);
}

void keel__audit_note(struct keel__audit *audit, const char *format, ...)
{
    struct keel__findings *found = audit->found;
    va_list args;
    va_start(args, format);
    add_line(audit, &found->notes, &found->note_count, &found->note_capacity, format, args);
    va_end(args);
}

void keel__finding_data(struct keel_finding *finding, const struct keel__table_facts *facts,
                        int64_t matching)
{
    if (!finding)
        return;
    finding->has_data = true;
    finding->rows = facts->rows;
    finding->sampled = facts->sampled;
    finding->matching = matching;
}

void keel__finding_example(struct keel__audit *audit, struct keel_finding *finding,
                           struct keel_slice text)
{
    if (!finding || !text.data || finding->example_count >= KEEL__MAX_EXAMPLES)
        return;
    if (!finding->examples)
        finding->examples =
            keel__arena_calloc(audit->arena, KEEL__MAX_EXAMPLES, sizeof *finding->examples);
    struct keel_slice cut =
        text.size > MAX_EXAMPLE_BYTES ? keel_slice(text.data, MAX_EXAMPLE_BYTES) : text;
    struct keel_slice clean = keel__utf8_clean(audit->arena, cut);
    if (clean.size > MAX_EXAMPLE_BYTES || cut.size < text.size)
        clean = keel__utf8_cut(clean, MAX_EXAMPLE_BYTES);
    const char *copy = keel__arena_dup(audit->arena, clean);
    if (!finding->examples || !copy) {
        audit->found->failed = true;
        return;
    }
    finding->examples[finding->example_count++] = copy;
}

void keel__finding_examples(struct keel__audit *audit, struct keel_finding *finding,
                            const struct keel__examples *examples)
{
    for (int i = 0; i < examples->count; i++)
        keel__finding_example(audit, finding, keel_slice_of(examples->texts[i]));
}

void keel__finding_count(struct keel__audit *audit, struct keel_finding *finding, const char *what,
                         int64_t count)
{
    if (!finding)
        return;
    size_t old = finding->count_count;
    struct keel_finding_count *counts = keel__arena_grow(
        audit->arena, (void *)(uintptr_t)finding->counts, old, old + 1, sizeof *counts);
    const char *copy = keel__arena_strdup(audit->arena, what);
    if (!counts || !copy) {
        audit->found->failed = true;
        return;
    }
    counts[old] = (struct keel_finding_count){copy, count};
    finding->counts = counts;
    finding->count_count = old + 1;
}

static void mix(struct keel__hasher *hasher, const char *text)
{
    if (text)
        keel__hasher_update(hasher, text, strlen(text));
    keel__hasher_update(hasher, "\0", 1);
}

void keel__finding_fingerprint(struct keel_finding *finding, const char *more)
{
    struct keel__hasher hasher;
    keel__hasher_init(&hasher);
    mix(&hasher, finding->rule);
    mix(&hasher, finding->schema);
    mix(&hasher, finding->table);
    for (size_t i = 0; i < finding->column_count; i++)
        mix(&hasher, finding->columns[i]);
    mix(&hasher, "");
    mix(&hasher, finding->object_kind);
    mix(&hasher, finding->object);
    if (more)
        mix(&hasher, more);
    struct keel_hash hash = keel__hasher_final(&hasher);
    keel__hex_encode(finding->fingerprint, hash.bytes, 8);
    finding->fingerprint[16] = '\0';
}

static int compare_text(const char *a, const char *b)
{
    if (!a || !b)
        return (a != NULL) - (b != NULL);
    return strcmp(a, b);
}

static int compare(const void *left, const void *right)
{
    const struct keel_finding *a = *(const struct keel_finding *const *)left;
    const struct keel_finding *b = *(const struct keel_finding *const *)right;
    if (a->severity != b->severity)
        return a->severity > b->severity ? -1 : 1;
    int order = compare_text(a->schema, b->schema);
    if (!order)
        order = compare_text(a->table, b->table);
    for (size_t i = 0; !order && (i < a->column_count || i < b->column_count); i++)
        order = compare_text(i < a->column_count ? a->columns[i] : NULL,
                             i < b->column_count ? b->columns[i] : NULL);
    if (!order)
        order = compare_text(a->rule, b->rule);
    if (!order)
        order = compare_text(a->object, b->object);
    return order ? order : compare_text(a->message, b->message);
}

static void tally(struct keel_audit *out, const struct keel_finding *finding)
{
    if (finding->suppressed)
        out->suppressed++;
    else if (finding->severity == KEEL_SEVERITY_ERROR)
        out->errors++;
    else if (finding->severity == KEEL_SEVERITY_WARNING)
        out->warnings++;
    else
        out->advice++;
}

int keel__findings_finish(struct keel__audit *audit, struct keel_audit *out, struct keel_error *err)
{
    struct keel__findings *found = audit->found;
    struct keel_finding *all =
        keel__arena_calloc(audit->arena, found->count ? found->count : 1, sizeof *all);
    if (found->failed || !all)
        return keel__nomem(err);
    if (found->count)
        qsort(found->items, found->count, sizeof(struct keel_finding *), compare);
    for (size_t i = 0; i < found->count; i++) {
        struct keel_finding *finding = found->items[i];
        if (!finding->message)
            finding->message = finding->rule;
        keel__finding_mask(audit, finding);
        all[i] = *finding;
        tally(out, finding);
    }
    out->findings = all;
    out->count = found->count;
    out->skipped = found->skipped;
    out->skipped_count = found->skipped_count;
    out->notes = found->notes;
    out->note_count = found->note_count;
    return KEEL_OK;
}
