#include "migrate/steps.h"

#include "base/hash.h"
#include "base/utf8.h"
#include "schema/split.h"

struct builder {
    struct keel__arena *arena;
    enum keel_dialect dialect;
    enum keel_migration_layout layout;
    struct keel_migration_statement *statements;
    struct keel__nature *natures; /* of them */
    size_t count, room;
    struct keel__steps *out;
    struct keel_error *err;
};

const char *keel__no_transaction_hint(enum keel_migration_layout layout)
{
    switch (layout) {
    case KEEL_LAYOUT_DBMATE:
        return "write '-- migrate:up transaction:false'";
    case KEEL_LAYOUT_GOOSE:
        return "add the line '-- +goose NO TRANSACTION'";
    default:
        return "begin the file with the line '-- transaction:false'";
    }
}

static int fail_at(struct builder *b, const struct keel_migration_statement *statement,
                   const char *message)
{
    struct keel_slice shown = keel__utf8_cut(statement->sql, 40);
    return keel__file_error(b->err, statement->file, statement->line, "%.*s: %s", (int)shown.size,
                            shown.data, message);
}

static int refuse(struct builder *b, size_t index)
{
    const struct keel_migration_statement *statement = &b->statements[index];
    struct keel_slice shown = keel__utf8_cut(statement->sql, 40);
    if (b->natures[index].kind == KEEL__FORBIDDEN)
        return fail_at(b, statement,
                       "would take away what keel keeps in its session (its lock, its prepared "
                       "statements): remove it");
    if (b->natures[index].kind == KEEL__SAVES)
        return fail_at(b, statement, "has no transaction around it: write BEGIN; ... COMMIT;");
    return keel__file_error(
        b->err, statement->file, statement->line,
        "%.*s would break the transaction that keel runs the migration in: remove it (BEGIN as the "
        "first and COMMIT as the last statement may stay), or %s",
        (int)shown.size, shown.data, keel__no_transaction_hint(b->layout));
}

static int add_statement(struct builder *b, const struct keel__section *section,
                         const struct keel__statement *statement)
{
    if (!keel__make_room(b->arena, (void **)&b->statements, b->count, sizeof *b->statements) ||
        !keel__make_room(b->arena, (void **)&b->natures, b->count, sizeof *b->natures))
        return keel__arena_error(b->arena, b->err);
    b->natures[b->count] = keel__statement_nature(statement->text, b->dialect);
    b->statements[b->count++] =
        (struct keel_migration_statement){statement->text, section->file, statement->line};
    return 0;
}

static int split_section(struct builder *b, const struct keel__section *section)
{
    struct keel__splitter splitter;
    struct keel__statement statement;
    struct keel_error inner = {0};
    keel__splitter_init(&splitter, section->sql, b->dialect, section->line);
    for (;;) {
        int rc = keel__split_next(&splitter, &statement, &inner);
        if (rc)
            return keel__file_error(b->err, section->file, splitter.error_line, "%s",
                                    inner.message);
        if (!statement.text.data)
            return 0;
        rc = add_statement(b, section, &statement);
        if (rc)
            return rc;
    }
}

/* The statements from first on are one transaction of ours: BEGIN at the front and COMMIT at the
 * back say the same and go; nothing else may touch it. */
static int check_transaction(struct builder *b, size_t first)
{
    size_t n = b->count - first;
    if (n >= 2 && b->natures[first].kind == KEEL__BEGINS &&
        b->natures[b->count - 1].kind == KEEL__COMMITS) {
        memmove(&b->statements[first], &b->statements[first + 1], (n - 2) * sizeof *b->statements);
        memmove(&b->natures[first], &b->natures[first + 1], (n - 2) * sizeof *b->natures);
        b->count -= 2;
    }
    for (size_t i = first; i < b->count; i++) {
        enum keel__kind kind = b->natures[i].kind;
        if (kind != KEEL__ORDINARY && kind != KEEL__SAVES && kind != KEEL__ALONE)
            return refuse(b, i);
    }
    return 0;
}

/* Adds a step of the statements [first, end). */
static int add_step(struct builder *b, size_t first, size_t end, bool transaction)
{
    struct keel__steps *steps = b->out;
    if (!keel__make_room(b->arena, (void **)&steps->items, steps->count, sizeof *steps->items))
        return keel__arena_error(b->arena, b->err);
    struct keel_migration_step step = {
        .statements = b->statements + first, .count = end - first, .transaction = transaction};
    struct keel__hasher hasher;
    keel__hasher_init(&hasher);
    if (steps->count > 0)
        keel__hasher_update(&hasher, &steps->items[steps->count - 1].digest, sizeof step.digest);
    for (size_t i = first; i < end; i++) {
        keel__checksum_add(&hasher, b->statements[i].sql);
        keel__hasher_update(&hasher, ";\n", 2);
        step.foreign_keys_off |= b->dialect == KEEL_SQLITE && b->natures[i].rebuilds &&
                                 (transaction || b->natures[i].kind == KEEL__ORDINARY);
    }
    step.digest = keel__hasher_final(&hasher);
    steps->items[steps->count++] = step;
    steps->statement_count += step.count;
    return 0;
}

/* BEGIN ... COMMIT at *at of a part that is no transaction; moves behind it. */
static int add_group(struct builder *b, size_t *at, size_t end)
{
    size_t first = *at + 1, last = first;
    while (last < end &&
           (b->natures[last].kind == KEEL__ORDINARY || b->natures[last].kind == KEEL__SAVES ||
            b->natures[last].kind == KEEL__ALONE))
        last++;
    if (last == end)
        return fail_at(b, &b->statements[*at], "the transaction that begins here has no COMMIT");
    if (b->natures[last].kind != KEEL__COMMITS)
        return refuse(b, last);
    *at = last + 1;
    return first < last ? add_step(b, first, last, true) : 0;
}

/* A part that is no transaction: each statement by itself. */
static int add_singles(struct builder *b, size_t first, size_t end)
{
    size_t at = first;
    int rc = 0;
    while (rc == 0 && at < end) {
        enum keel__kind kind = b->natures[at].kind;
        if (kind == KEEL__BEGINS) {
            rc = add_group(b, &at, end);
        } else if (kind == KEEL__COMMITS) {
            rc = fail_at(b, &b->statements[at], "there is no BEGIN before it");
        } else if (kind != KEEL__ORDINARY && kind != KEEL__ALONE) {
            rc = refuse(b, at);
        } else {
            rc = add_step(b, at, at + 1, false);
            at++;
        }
    }
    return rc;
}

/* A part that says foreign_keys:false gives its word for what it leaves. */
static void free_steps(struct builder *b, const struct keel__sections *sections)
{
    bool is_free = false;
    for (size_t i = 0; i < sections->count; i++)
        is_free |= !sections->items[i].foreign_keys;
    for (size_t i = 0; is_free && b->dialect == KEEL_SQLITE && i < b->out->count; i++)
        b->out->items[i].foreign_keys_off = b->out->items[i].foreign_keys_unchecked = true;
}

static bool is_one_transaction(const struct keel__sections *sections)
{
    for (size_t i = 0; i < sections->count; i++)
        if (!sections->items[i].transaction)
            return false;
    return true;
}

/* Splits all sections; ends[i] is set to where the statements of section i end. */
static int split_all(struct builder *b, const struct keel__sections *sections, size_t *ends)
{
    for (size_t i = 0; i < sections->count; i++) {
        size_t first = b->count;
        int rc = split_section(b, &sections->items[i]);
        if (rc == 0 && sections->items[i].transaction)
            rc = check_transaction(b, first);
        if (rc)
            return rc;
        ends[i] = b->count;
    }
    return 0;
}

int keel__steps_build(struct keel__steps *out, struct keel__arena *arena,
                      const struct keel__sections *sections, enum keel_dialect dialect,
                      enum keel_migration_layout layout, struct keel_error *err)
{
    struct builder b = {
        .arena = arena, .dialect = dialect, .layout = layout, .out = out, .err = err};
    size_t *ends = keel__arena_calloc(arena, sections->count, sizeof *ends);
    *out = (struct keel__steps){0};
    if (!ends)
        return keel__arena_error(arena, err);
    int rc = split_all(&b, sections, ends);
    if (rc)
        return rc;
    if (is_one_transaction(sections)) {
        rc = add_step(&b, 0, b.count, true);
        free_steps(&b, sections);
        return rc;
    }
    size_t first = 0;
    for (size_t i = 0; rc == 0 && i < sections->count; first = ends[i++]) {
        if (!sections->items[i].transaction)
            rc = add_singles(&b, first, ends[i]);
        else if (first < ends[i])
            rc = add_step(&b, first, ends[i], true);
    }
    if (rc == 0 && out->count == 0)
        rc = add_step(&b, 0, 0, true);
    free_steps(&b, sections);
    return rc;
}
