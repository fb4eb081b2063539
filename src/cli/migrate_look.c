#include <string.h>

#include "base/hash.h"
#include "cli/migrate.h"
#include "cli/output.h"
#include "cli/table.h"

static const char *nullable(const char *text)
{
    return text && *text ? text : NULL;
}

static void add_time(struct keel__json *json, const char *key, int64_t at)
{
    if (at)
        keel__json_add_time(json, key, at);
    else
        keel__json_add_null(json, key);
}

static void add_checksum(struct keel__json *json, const char *key, const struct keel_hash *hash)
{
    static const struct keel_hash none;
    if (memcmp(hash, &none, sizeof none) == 0)
        keel__json_add_null(json, key);
    else
        keel__json_add_hex(json, key, hash, sizeof *hash);
}

static void shape_status(struct keel__json *json, const struct keel_migration_status *s)
{
    keel__json_object_begin(json);
    keel__json_add_cstr(json, "version", s->version_text);
    keel__json_add_cstr(json, "name", s->name);
    keel__json_add_cstr(json, "state", keel_migration_state_name(s->state));
    keel__json_add_cstr(json, "problem", keel_migration_problem_name(s->problem));
    keel__json_add_cstr(json, "file", s->file);
    keel__json_add_bool(json, "has_down", s->has_down);
    keel__json_add_cstr(json, "action", s->action ? keel_migration_action_name(s->action) : NULL);
    keel__json_add_int(json, "step", (int64_t)s->step);
    keel__json_add_int(json, "steps", (int64_t)s->steps);
    add_time(json, "applied_at", s->applied_at);
    if (s->action)
        keel__json_add_int(json, "duration_us", s->duration_us);
    else
        keel__json_add_null(json, "duration_us");
    add_checksum(json, "checksum", &s->checksum);
    keel__json_add_cstr(json, "keel_version", nullable(s->keel_version));
    keel__json_object_end(json);
}

static int print_json(const struct keel_migration_statuses *all, bool problems_only)
{
    struct keel__output output;
    keel__output_init(&output);
    keel__json_array_begin(&output.json);
    for (size_t i = 0; i < all->count; i++)
        if (all->items[i].problem || !problems_only)
            shape_status(&output.json, &all->items[i]);
    keel__json_array_end(&output.json);
    return keel__output_finish(&output);
}

static const char *problem_text(enum keel_migration_problem problem)
{
    switch (problem) {
    case KEEL_PROBLEM_CHANGED:
        return "changed after it was applied";
    case KEEL_PROBLEM_DOWN_CHANGED:
        return "down part changed after it was applied";
    case KEEL_PROBLEM_MISSING:
        return "applied, but there is no file";
    case KEEL_PROBLEM_OUT_OF_ORDER:
        return "out of order: a higher version is applied";
    case KEEL_PROBLEM_NONE:
        break;
    }
    return "";
}

static void state_text(const struct keel_migration_status *s, char out[64])
{
    if (s->state == KEEL_MIGRATION_INTERRUPTED)
        snprintf(out, 64, "interrupted (%s, %zu of %zu steps)",
                 keel_migration_action_name(s->action), s->step, s->steps);
    else
        snprintf(out, 64, "%s", keel_migration_state_name(s->state));
}

static void status_row(struct keel__table *table, const struct keel_migration_status *s)
{
    char text[64];
    bool applied = s->state == KEEL_MIGRATION_APPLIED;
    keel__table_cell(table, KEEL__BOLD, s->version_text);
    keel__table_cell(table, KEEL__PLAIN, s->name);
    state_text(s, text);
    keel__table_cell(table, applied ? KEEL__GREEN : KEEL__YELLOW, text);
    if (applied)
        keel__human_time(s->applied_at, text);
    keel__table_cell(table, KEEL__PLAIN, applied ? text : "-");
    keel__human_duration(applied ? s->duration_us : -1, text);
    keel__table_cell(table, KEEL__PLAIN, text);
    keel__table_cell(table, KEEL__RED, problem_text(s->problem));
}

static void print_table(const struct keel__migration_target *target,
                        const struct keel_migration_statuses *all, bool problems_only)
{
    static const struct keel__column columns[] = {
        {"VERSION", false, false}, {"NAME", false, true}, {"STATE", false, false},
        {"APPLIED", false, false}, {"TOOK", true, false}, {"PROBLEM", false, true}};
    struct keel__table *table = keel__table_new(columns, sizeof columns / sizeof *columns);
    struct keel__term term;
    for (size_t i = 0; i < all->count; i++)
        if (all->items[i].problem || !problems_only)
            status_row(table, &all->items[i]);
    keel__term_init(&term, target->global, stdout);
    keel__table_print(table, &term,
                      problems_only ? "The files are as they were applied." : "No migrations.");
    keel__table_free(table);
}

static int look(struct keel__migration_target *target, bool problems_only, size_t *problems)
{
    struct keel_migration_statuses all;
    struct keel_error err = {0};
    int status = KEEL__EXIT_OK;
    if (keel_migrate_status(&all, target->db, target->set, target->module, &err))
        return keel__fail(&err);
    if (target->global->json)
        status = print_json(&all, problems_only);
    else
        print_table(target, &all, problems_only);
    if (!problems_only)
        keel__note(target->global, "%zu applied, %zu pending, %zu with a problem", all.applied,
                   all.pending, all.problems);
    *problems = all.problems;
    keel_migration_statuses_free(&all);
    return status;
}

int keel__migrate_status(struct keel__migration_target *target)
{
    size_t problems;
    return look(target, false, &problems);
}

int keel__migrate_verify(struct keel__migration_target *target)
{
    size_t problems = 0;
    int status = look(target, true, &problems);
    return status == KEEL__EXIT_OK && problems ? KEEL__EXIT_FAILED : status;
}

/* ---- history ----------------------------------------------------------------------------------
 */

static int record_json(void *context, const struct keel_migration_record *r, struct keel_error *err)
{
    struct keel__json *json = context;
    char id[24];
    (void)err;
    snprintf(id, sizeof id, "%lld", (long long)r->id);
    keel__json_object_begin(json);
    keel__json_add_cstr(json, "id", id);
    keel__json_add_cstr(json, "module", r->module);
    keel__json_add_cstr(json, "version", r->version_text);
    keel__json_add_cstr(json, "name", r->name);
    keel__json_add_cstr(json, "action", keel_migration_action_name(r->action));
    keel__json_add_cstr(json, "state", r->state);
    keel__json_add_int(json, "step", r->step);
    keel__json_add_int(json, "steps", r->steps);
    add_time(json, "applied_at", r->applied_at);
    keel__json_add_int(json, "duration_us", r->duration_us);
    add_checksum(json, "checksum", &r->checksum);
    keel__json_add_cstr(json, "keel_version", r->keel_version);
    keel__json_object_end(json);
    return 0;
}

static int record_row(void *context, const struct keel_migration_record *r, struct keel_error *err)
{
    struct keel__table *table = context;
    bool done = strcmp(r->state, "done") == 0;
    char text[64];
    (void)err;
    keel__human_time(r->applied_at, text);
    keel__table_cell(table, KEEL__PLAIN, text);
    keel__table_cell(table, KEEL__BOLD, keel_migration_action_name(r->action));
    keel__table_cell(table, KEEL__PLAIN, r->version_text);
    keel__table_cell(table, KEEL__PLAIN, r->name);
    if (r->steps > 1 || !done)
        snprintf(text, sizeof text, "%s, step %lld of %lld", r->state, (long long)r->step,
                 (long long)r->steps);
    else
        snprintf(text, sizeof text, "%s", r->state);
    keel__table_cell(table, done ? KEEL__GREEN : KEEL__YELLOW, text);
    keel__human_duration(r->duration_us, text);
    keel__table_cell(table, KEEL__PLAIN, text);
    keel__table_cell(table, KEEL__DIM, r->keel_version);
    return 0;
}

static int history_table(struct keel__migration_target *target)
{
    static const struct keel__column columns[] = {
        {"AT", false, false},  {"ACTION", false, false}, {"VERSION", false, false},
        {"NAME", false, true}, {"STATE", false, false},  {"TOOK", true, false},
        {"KEEL", false, false}};
    struct keel__table *table = keel__table_new(columns, sizeof columns / sizeof *columns);
    struct keel__term term;
    struct keel_error err = {0};
    int code = keel_migrate_history(target->db, target->module, record_row, table, &err);
    if (!code) {
        keel__term_init(&term, target->global, stdout);
        keel__table_print(table, &term, "Nothing has been done yet.");
    }
    keel__table_free(table);
    return code ? keel__fail(&err) : KEEL__EXIT_OK;
}

int keel__migrate_history(struct keel__migration_target *target)
{
    struct keel__output output;
    struct keel_error err = {0};
    if (!target->global->json)
        return history_table(target);
    keel__output_init(&output);
    keel__json_array_begin(&output.json);
    int code = keel_migrate_history(target->db, target->module, record_json, &output.json, &err);
    keel__json_array_end(&output.json);
    if (code) {
        keel__str_fini(&output.text);
        return keel__fail(&err);
    }
    return keel__output_finish(&output);
}
