#include "schema/alter_postgres.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "schema/tokenize.h"

/* ---- writing --------------------------------------------------------------------------------- */

struct keel__str *keel__pg_next(struct keel__pg *pg)
{
    pg->group_statements++;
    return &pg->group;
}

/* Ends the transaction under way. */
static void end_group(struct keel__pg *pg)
{
    if (pg->group_statements == 0)
        return;
    if (pg->group_statements > 1)
        keel__str_text(&pg->body, "BEGIN;\n");
    keel__str_slice(&pg->body, keel__str_view(&pg->group));
    if (pg->group_statements > 1)
        keel__str_text(&pg->body, "COMMIT;\n");
    keel__str_clear(&pg->group);
    pg->group_statements = 0;
}

struct keel__str *keel__pg_alone(struct keel__pg *pg)
{
    end_group(pg);
    pg->apart = true;
    return &pg->body;
}

void keel__pg_break(struct keel__pg *pg)
{
    if (!pg->options->concurrently || pg->group_statements == 0)
        return;
    end_group(pg);
    pg->apart = true;
}

struct keel__str *keel__pg_alter(struct keel__pg *pg, const struct keel_table_model *table)
{
    struct keel__str *out = keel__pg_next(pg);
    keel__str_text(out, "ALTER TABLE ");
    keel__sql_qualified(out, table->schema, table->name);
    return out;
}

int keel__pg_unsupported(struct keel_error *err, const char *format, ...)
{
    char message[400];
    va_list args;
    va_start(args, format);
    vsnprintf(message, sizeof message, format, args);
    va_end(args);
    return keel_error_set(err, KEEL_UNSUPPORTED, "%s", message);
}

/* ---- looking --------------------------------------------------------------------------------- */

bool keel__pg_same(const char *a, const char *b)
{
    return a && b ? strcmp(a, b) == 0 : a == b;
}

bool keel__pg_mentions(const char *sql, const char *name)
{
    struct keel__tokenizer tokenizer;
    struct keel__token token;
    char text[256];
    if (!sql || !strstr(sql, name))
        return false;
    keel__tokenizer_init(&tokenizer, keel_slice_of(sql), KEEL_POSTGRES, 1);
    while (!keel__token_next(&tokenizer, &token, NULL) && token.kind != KEEL__TOKEN_END)
        if (keel__token_name(&token, KEEL_POSTGRES, text, sizeof text) && strcmp(text, name) == 0)
            return true;
    return false;
}

/* ---- the whole of it ------------------------------------------------------------------------- */

static void comment_line(struct keel__str *out, const char *before, const char *text)
{
    keel__str_printf(out, "-- %s", before);
    for (; *text; text++)
        keel__str_char(out, (unsigned char)*text < ' ' ? ' ' : *text);
}

static void say_changes(struct keel__str *out, const struct keel_diff *diff)
{
    for (size_t i = 0; i < diff->count; i++) {
        const struct keel_change *change = &diff->changes[i];
        comment_line(out, "", change->what);
        keel__str_text(out, change->risk == KEEL_RISK_DESTRUCTIVE ? " (destructive)\n" : "\n");
    }
}

/* The name of what is dropped and made again, and loses its privileges; NULL: it does not. Views
 * that are only in the way keep them. */
static const char *loses_privileges(const struct keel__pg *pg, const struct keel__pg_op *drop)
{
    const struct keel_view_model *was = drop->item;
    if (drop->kind == KEEL_CHANGE_DROP_FUNCTION && (drop->remade || drop->early))
        return ((const struct keel_function_model *)drop->item)->name;
    for (size_t i = 0; drop->kind == KEEL_CHANGE_DROP_VIEW && i < pg->adds.count; i++) {
        const struct keel_view_model *is = pg->adds.items[i].item;
        if (pg->adds.items[i].kind == KEEL_CHANGE_ADD_VIEW && !drop->remade &&
            strcmp(is->name, was->name) == 0 && keel__pg_same(is->schema, was->schema))
            return is->name;
    }
    return NULL;
}

static void say_remade(struct keel__str *out, const struct keel__pg *pg)
{
    for (size_t i = 0; i < pg->drops.count; i++) {
        const char *name = loses_privileges(pg, &pg->drops.items[i]);
        if (!name)
            continue;
        comment_line(out, "made again, grant its privileges anew: ", name);
        keel__str_char(out, '\n');
    }
}

/* What one of the models has beyond keel's model is not compared: it is named, for a person to
 * look at. */
static void say_unmodelled(struct keel__str *out, const struct keel_schema *schema,
                           const struct keel_schema *other, const char *words)
{
    for (size_t i = 0; i < schema->unmodelled_count; i++) {
        bool found = false;
        for (size_t k = 0; k < other->unmodelled_count && !found; k++)
            found = strcmp(schema->unmodelled[i], other->unmodelled[k]) == 0;
        if (found)
            continue;
        comment_line(out, words, schema->unmodelled[i]);
        keel__str_char(out, '\n');
    }
}

static bool adds_function(const struct keel__pg *pg)
{
    for (size_t i = 0; i < pg->adds.count; i++)
        if (pg->adds.items[i].kind == KEEL_CHANGE_ADD_FUNCTION)
            return true;
    return false;
}

static void write_shape(struct keel__pg *pg)
{
    keel__pg_labels_add(pg);
    if (adds_function(pg))
        keel__str_text(keel__pg_next(pg), "SET check_function_bodies = off;\n");
    keel__pg_ground(pg);
    keel__pg_renames(pg);
    keel__pg_triggers_drop(pg);
    keel__pg_privileges_note(pg);
    keel__pg_views_drop(pg, true);
    keel__pg_constraints_drop(pg, false);
    keel__pg_constraints_rename(pg);
    keel__pg_constraints_drop(pg, true);
    keel__pg_defaults_undo(pg);
    keel__pg_columns_drop(pg, true);
    keel__pg_tables_drop(pg, true);
    keel__pg_functions_drop_early(pg);
    keel__pg_types_add(pg);
    keel__pg_sequences_add(pg);
    keel__pg_tables_add(pg);
    keel__pg_columns(pg);
    keel__pg_tables_options(pg);
    keel__pg_sequences_own(pg);
    keel__pg_functions_add(pg, false);
}

static void write_all(struct keel__pg *pg)
{
    write_shape(pg);
    keel__pg_views_add(pg, true);
    keel__pg_privileges_give(pg);
    keel__pg_triggers_add(pg);
    keel__pg_break(pg);
    keel__pg_checks_add(pg);
    keel__pg_not_null(pg);
    keel__pg_keys_add(pg);
    keel__pg_break(pg);
    keel__pg_views_drop(pg, false);
    keel__pg_views_add(pg, false);
    keel__pg_columns_drop(pg, false);
    keel__pg_tables_drop(pg, false);
    keel__pg_sequences_drop(pg);
    keel__pg_types_drop_aside(pg);
    keel__pg_types_drop(pg);
    keel__pg_references_add(pg);
    keel__pg_references_validate(pg);
}

static int check_all(struct keel__pg *pg, struct keel_error *err)
{
    int rc = keel__pg_collect(pg, err);
    if (!rc)
        rc = keel__pg_tables_check(pg, err);
    if (!rc)
        rc = keel__pg_types_check(pg, err);
    if (!rc)
        rc = keel__pg_dependents(pg, err);
    return rc ? rc : keel__pg_columns_check(pg, err);
}

static void finish(struct keel__pg *pg, struct keel__str *out)
{
    pg->apart = pg->apart || keel__pg_labels_used(pg);
    if (pg->apart) {
        end_group(pg);
        keel__str_text(out, "-- transaction:false\n");
    }
    say_changes(out, pg->diff);
    say_remade(out, pg);
    say_unmodelled(out, pg->from, pg->to, "not dropped, keel does not model it: ");
    say_unmodelled(out, pg->to, pg->from, "not made, keel does not model it: ");
    keel__str_char(out, '\n');
    keel__str_slice(out, keel__str_view(&pg->labels));
    keel__str_slice(out, keel__str_view(pg->apart ? &pg->body : &pg->group));
    out->failed = out->failed || pg->labels.failed || pg->body.failed || pg->group.failed;
}

int keel__alter_postgres(struct keel__str *out, const struct keel_diff *diff,
                         const struct keel_alter_options *options, struct keel_error *err)
{
    struct keel__arena arena;
    struct keel__pg pg = {
        .arena = &arena, .diff = diff, .from = diff->from, .to = diff->to, .options = options};
    keel__arena_init(&arena, 0);
    keel__str_init(&pg.labels, 0);
    keel__str_init(&pg.body, 0);
    keel__str_init(&pg.group, 0);
    int rc = check_all(&pg, err);
    if (!rc) {
        write_all(&pg);
        finish(&pg, out);
    }
    keel__str_fini(&pg.labels);
    keel__str_fini(&pg.body);
    keel__str_fini(&pg.group);
    keel__arena_fini(&arena);
    return rc;
}
