#include "cli/migrate.h"
#include "cli/output.h"
#include "cli/term.h"
#include "cli/watch.h"

/* ---- what happens -----------------------------------------------------------------------------
 */

struct acting {
    const struct keel__global *global;
    struct keel__watch watch;
    struct keel__output output; /* JSON */
    size_t done;
};

static bool stopped(void *context)
{
    struct acting *acting = context;
    return keel__watch_stopped(&acting->watch);
}

static const char *file_of(const struct keel_migration_todo *todo)
{
    const struct keel_migration *m = todo->migration;
    return todo->action == KEEL_MIGRATE_DOWN && m->down_file ? m->down_file : m->up_file;
}

static void add_todo(struct keel__json *json, const struct keel_migration_todo *todo)
{
    keel__json_add_cstr(json, "version", todo->migration->version_text);
    keel__json_add_cstr(json, "name", todo->migration->name);
    keel__json_add_cstr(json, "action", keel_migration_action_name(todo->action));
    keel__json_add_cstr(json, "file", file_of(todo));
}

static void report_done(struct acting *acting, const struct keel_migrate_event *event)
{
    static const char *const words[] = {"", "applied", "reverted", "recorded"};
    const struct keel_migration_todo *todo = event->todo;
    char took[32];
    acting->done++;
    if (acting->global->json) {
        struct keel__json *json = &acting->output.json;
        keel__json_object_begin(json);
        add_todo(json, todo);
        keel__json_add_int(json, "duration_us", event->duration_us);
        keel__json_object_end(json);
        return;
    }
    keel__human_duration(event->duration_us, took);
    printf("%s %s_%s", words[todo->action], todo->migration->version_text, todo->migration->name);
    if (todo->action != KEEL_MIGRATE_BASELINE)
        printf(" (%s)", took);
    putchar('\n');
    fflush(stdout);
}

static void on_event(void *context, const struct keel_migrate_event *event)
{
    struct acting *acting = context;
    const struct keel__global *global = acting->global;
    if (event->kind != KEEL_MIGRATE_STATEMENT)
        keel__term_progress_end(global);
    switch (event->kind) {
    case KEEL_MIGRATE_WAITING:
        keel__note(global, "waiting for another program to finish with the database");
        break;
    case KEEL_MIGRATE_STATEMENT:
        keel__term_progress(global, "statements", (int64_t)event->statement,
                            (int64_t)event->statement_count);
        break;
    case KEEL_MIGRATE_NOTE:
        keel__note(global, "%s", event->text);
        break;
    case KEEL_MIGRATE_DONE:
        report_done(acting, event);
        break;
    case KEEL_MIGRATE_BEGIN:
        break;
    }
}

static int act(struct keel__migration_target *target)
{
    static const char *const nothing[] = {"", "nothing is pending", "nothing to revert",
                                          "nothing to record"};
    struct keel_error err = {0};
    struct acting acting = {.global = target->global};
    struct keel_migrate_options options = target->own->options;
    options.event = on_event;
    options.stopped = stopped;
    options.context = &acting;
    if (!keel__watch_begin(&acting.watch))
        return keel__fail_message("cannot start a thread");
    keel__watch_use(&acting.watch, target->db);
    keel__output_init(&acting.output);
    keel__json_array_begin(&acting.output.json);
    int code = keel_migrate_run(target->db, target->set, target->action, &options, &err);
    keel__watch_end(&acting.watch);
    keel__term_progress_end(target->global);
    keel__json_array_end(&acting.output.json);
    int status = KEEL__EXIT_OK;
    if (target->global->json)
        status = keel__output_finish(&acting.output);
    else
        keel__str_fini(&acting.output.text);
    if (code)
        return keel__fail(&err);
    if (acting.done == 0)
        keel__note(target->global, "%s", nothing[target->action]);
    return status;
}

/* ---- what would happen ------------------------------------------------------------------------
 */

static void json_steps(struct keel__json *json, const struct keel_migration_todo *todo)
{
    keel__json_key(json, "steps");
    keel__json_array_begin(json);
    for (size_t k = todo->first_step; k < todo->step_count; k++) {
        const struct keel_migration_step *step = &todo->steps[k];
        keel__json_object_begin(json);
        keel__json_add_bool(json, "transaction", step->transaction);
        keel__json_add_bool(json, "foreign_keys_off", step->foreign_keys_off);
        keel__json_key(json, "statements");
        keel__json_array_begin(json);
        for (size_t i = 0; i < step->count; i++) {
            keel__json_object_begin(json);
            keel__json_add_int(json, "line", (int64_t)step->statements[i].line);
            keel__json_add_text(json, "sql", step->statements[i].sql);
            keel__json_object_end(json);
        }
        keel__json_array_end(json);
        keel__json_object_end(json);
    }
    keel__json_array_end(json);
}

static int dry_run_json(const struct keel_migration_plan *plan)
{
    struct keel__output output;
    keel__output_init(&output);
    keel__json_array_begin(&output.json);
    for (size_t i = 0; i < plan->count; i++) {
        keel__json_object_begin(&output.json);
        add_todo(&output.json, &plan->todos[i]);
        json_steps(&output.json, &plan->todos[i]);
        keel__json_object_end(&output.json);
    }
    keel__json_array_end(&output.json);
    return keel__output_finish(&output);
}

static void print_step(const struct keel_migration_step *step)
{
    if (step->foreign_keys_off)
        puts("PRAGMA foreign_keys = OFF;");
    if (step->transaction)
        puts("BEGIN;");
    for (size_t i = 0; i < step->count; i++) {
        keel__term_safe_lines(stdout, step->statements[i].sql);
        puts(";");
    }
    if (step->transaction)
        puts("COMMIT;");
    if (step->foreign_keys_off)
        puts("PRAGMA foreign_keys = ON;");
}

static int dry_run(struct keel__migration_target *target)
{
    struct keel_migration_plan plan;
    struct keel_error err = {0};
    int status = KEEL__EXIT_OK;
    if (keel_migrate_plan(&plan, target->db, target->set, target->action, &target->own->options,
                          &err))
        return keel__fail(&err);
    if (target->global->json) {
        status = dry_run_json(&plan);
    } else {
        for (size_t i = 0; i < plan.count; i++) {
            const struct keel_migration_todo *todo = &plan.todos[i];
            printf("%s-- %s %s: %s\n", i ? "\n" : "", keel_migration_action_name(todo->action),
                   todo->migration->version_text, file_of(todo));
            for (size_t k = todo->first_step; k < todo->step_count; k++)
                print_step(&todo->steps[k]);
        }
        if (plan.count == 0)
            keel__note(target->global, "nothing to do");
    }
    keel_migration_plan_free(&plan);
    return status;
}

int keel__migrate_act(struct keel__migration_target *target)
{
    return target->own->dry_run ? dry_run(target) : act(target);
}
