#include "migrate/apply.h"

#include "keel_sql_migrate.h"
#include "schema/tokenize.h"

#include <stdio.h>

/* Rows of one table that point at no row of one parent. */
struct violation {
    const char *table, *parent;
    const char *table_now, *parent_now; /* after the migration's renames */
    int64_t rows;
    bool has_rowid;
    int64_t rowid; /* of the first such row */
};

struct keel__violations {
    struct violation *items;
    size_t count;
};

struct counting {
    struct keel__arena *arena;
    struct keel__violations *found;
    const char *table;
};

/* What was there before of what is now found in table. A table that was renamed only to make room
 * for a new one of its name is found by the name it had. */
static const struct violation *find(const struct keel__violations *all, const char *table,
                                    const char *parent)
{
    for (size_t i = 0; i < all->count; i++)
        if (strcasecmp(all->items[i].table_now, table) == 0 &&
            strcasecmp(all->items[i].parent_now, parent) == 0)
            return &all->items[i];
    for (size_t i = 0; i < all->count; i++)
        if (strcasecmp(all->items[i].table, table) == 0 &&
            strcasecmp(all->items[i].parent, parent) == 0)
            return &all->items[i];
    return NULL;
}

static struct violation *add(struct counting *c, struct keel_slice parent)
{
    char *name = keel__arena_dup(c->arena, parent.data ? parent : keel_slice("", 0));
    if (!name || !keel__make_room(c->arena, (void **)&c->found->items, c->found->count,
                                  sizeof *c->found->items))
        return NULL;
    struct violation *v = &c->found->items[c->found->count++];
    *v = (struct violation){
        .table = c->table, .parent = name, .table_now = c->table, .parent_now = name};
    return v;
}

static int count_row(void *context, const struct keel_row *row, struct keel_error *err)
{
    struct counting *c = context;
    struct keel_slice parent = keel_row_text(row, 1);
    struct violation *v = NULL;
    for (size_t i = c->found->count; i > 0 && !v; i--) {
        struct violation *last = &c->found->items[i - 1];
        if (last->table != c->table)
            break;
        if (keel__word_is(parent, last->parent))
            v = last;
    }
    if (!v) {
        v = add(c, parent);
        if (!v)
            return keel__arena_error(c->arena, err);
        v->has_rowid = !keel_row_is_null(row, 0);
        v->rowid = keel_row_int(row, 0);
    }
    v->rows++;
    return 0;
}

struct names {
    struct keel__arena *arena;
    const char **items;
    size_t count;
};

static int add_name(void *context, const struct keel_row *row, struct keel_error *err)
{
    struct names *names = context;
    if (!keel__make_room(names->arena, (void **)&names->items, names->count, sizeof *names->items))
        return keel__arena_error(names->arena, err);
    names->items[names->count] = keel__arena_dup(names->arena, keel_row_text(row, 0));
    return names->items[names->count++] ? 0 : keel__arena_error(names->arena, err);
}

/* A key whose parent columns are no key (a mismatch) cannot be checked: SQLite gives an error,
 * which counts as one violation of that table, so that one that was there before does not stand in
 * the way. */
static int check_table(struct counting *c, struct keel_db *db, struct keel_error *err)
{
    struct keel_error inner = {0};
    int rc = keel_db_each(db, &keel_q_migrate_foreign_keys_check, KEEL_PARAMS(keel_cstr(c->table)),
                          count_row, c, &inner);
    if (rc == 0)
        return 0;
    if (!strstr(inner.message, "foreign key mismatch")) {
        if (err)
            *err = inner;
        return rc;
    }
    struct violation *v = add(c, keel_slice_of(inner.message));
    if (!v)
        return keel__arena_error(c->arena, err);
    v->rows = 1;
    return 0;
}

static int check(struct keel__violations *found, struct keel_db *db, struct keel__arena *arena,
                 struct keel_error *err)
{
    struct names names = {.arena = arena};
    struct counting counting = {arena, found, NULL};
    int rc = keel_db_each(db, &keel_q_migrate_foreign_keys_tables, KEEL_NO_PARAMS, add_name, &names,
                          err);
    for (size_t i = 0; rc == 0 && i < names.count; i++) {
        counting.table = names.items[i];
        rc = check_table(&counting, db, err);
    }
    return rc;
}

int keel__foreign_keys_off(struct keel__foreign_keys *keys, struct keel_db *db,
                           struct keel__arena *arena, struct keel_error *err)
{
    const struct keel_row *row;
    *keys = (struct keel__foreign_keys){.arena = arena};
    int rc = keel_db_one(db, &keel_q_migrate_foreign_keys, KEEL_NO_PARAMS, &row, err);
    if (rc)
        return rc;
    keys->were_on = keel_row_bool(row, 0);
    return keel_db_run(db, keel_slice_of("PRAGMA foreign_keys = OFF"), err);
}

void keel__foreign_keys_restore(struct keel__foreign_keys *keys, struct keel_db *db)
{
    keel_db_run(
        db, keel_slice_of(keys->were_on ? "PRAGMA foreign_keys = ON" : "PRAGMA foreign_keys = OFF"),
        NULL);
}

int keel__foreign_keys_before(struct keel__foreign_keys *keys, struct keel_db *db,
                              struct keel_error *err)
{
    keys->before = keel__arena_calloc(keys->arena, 1, sizeof *keys->before);
    if (!keys->before)
        return keel__arena_error(keys->arena, err);
    return check(keys->before, db, keys->arena, err);
}

static int refuse(const struct violation *v, int64_t before, struct keel_error *err)
{
    char where[40] = "";
    if (strstr(v->parent, "foreign key mismatch"))
        return keel_error_set(err, KEEL_CONSTRAINT, "%s: its parent columns are no key", v->parent);
    if (v->has_rowid)
        snprintf(where, sizeof where, " (rowid %lld)", (long long)v->rowid);
    return keel_error_set(
        err, KEEL_CONSTRAINT, "foreign_key_check: %lld row%s of %s%s would point at no row of %s%s",
        (long long)(v->rows - before), v->rows - before == 1 ? "" : "s", v->table,
        before ? "" : where, v->parent, before ? ", in addition to those that do already" : "");
}

/* ---- renames --------------------------------------------------------------------------------- */

/* The next token is a name, perhaps behind its schema: in arena, or NULL. */
static const char *take_table(struct keel__tokenizer *tokenizer, struct keel__token *next,
                              struct keel__arena *arena)
{
    char *name = NULL;
    do {
        if (name && keel__token_next(tokenizer, next, NULL))
            return NULL;
        if (next->kind == KEEL__TOKEN_STRING)
            next->kind = KEEL__TOKEN_NAME;
        name = keel__arena_alloc(arena, next->text.size + 1);
        if (!name || !keel__token_name(next, KEEL_SQLITE, name, next->text.size + 1) ||
            keel__token_next(tokenizer, next, NULL))
            return NULL;
    } while (keel__token_is(next, '.'));
    return name;
}

static bool take_word(struct keel__tokenizer *tokenizer, struct keel__token *next, const char *word)
{
    return keel__token_is_word(next, word) && keel__token_next(tokenizer, next, NULL) == 0;
}

/* Whether sql is ALTER TABLE from RENAME TO to. */
static bool is_rename(struct keel_slice sql, struct keel__arena *arena, const char **from,
                      const char **to)
{
    struct keel__tokenizer tokenizer;
    struct keel__token next;
    keel__tokenizer_init(&tokenizer, sql, KEEL_SQLITE, 1);
    return keel__token_next(&tokenizer, &next, NULL) == 0 &&
           take_word(&tokenizer, &next, "ALTER") && take_word(&tokenizer, &next, "TABLE") &&
           (*from = take_table(&tokenizer, &next, arena)) != NULL &&
           take_word(&tokenizer, &next, "RENAME") && take_word(&tokenizer, &next, "TO") &&
           (*to = take_table(&tokenizer, &next, arena)) != NULL;
}

static void follow_renames(struct keel__foreign_keys *keys, const struct keel_migration_step *step)
{
    const char *from, *to;
    for (size_t i = 0; keys->before->count && i < step->count; i++) {
        if (!is_rename(step->statements[i].sql, keys->arena, &from, &to))
            continue;
        for (size_t k = 0; k < keys->before->count; k++) {
            struct violation *v = &keys->before->items[k];
            v->table_now = strcasecmp(v->table_now, from) == 0 ? to : v->table_now;
            v->parent_now = strcasecmp(v->parent_now, from) == 0 ? to : v->parent_now;
        }
    }
}

int keel__foreign_keys_after(struct keel__foreign_keys *keys, struct keel_db *db,
                             const struct keel_migration_step *step, struct keel_error *err)
{
    struct keel__violations after = {0};
    follow_renames(keys, step);
    int rc = check(&after, db, keys->arena, err);
    if (rc)
        return rc;
    for (size_t i = 0; i < after.count; i++) {
        const struct violation *v = &after.items[i];
        const struct violation *before = find(keys->before, v->table, v->parent);
        if (v->rows > (before ? before->rows : 0))
            return refuse(v, before ? before->rows : 0, err);
    }
    return 0;
}
