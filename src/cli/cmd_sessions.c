#include "cli/output.h"
#include "cli/table.h"
#include "store/shape.h"

struct own {
    const char *project;
    int limit;
};

static const struct argp_option options[] = {
    {"project", 'p', "NAME", 0, "Of this project", 0},
    {"limit", 'n', "N", 0, "At most N sessions (default 50)", 0},
    {0}};

static error_t parse(int key, char *arg, struct argp_state *state)
{
    struct own *own = state->input;
    if (key == 'p')
        own->project = arg;
    else if (key == 'n')
        own->limit = (int)keel__number(state, "--limit", arg, 1, 1000);
    else if (key == ARGP_KEY_ARG)
        argp_error(state, "unexpected argument '%s'; `keel runs --session %s' lists its runs", arg,
                   arg);
    else
        return ARGP_ERR_UNKNOWN;
    return 0;
}

static void shape(struct keel__json *json, const void *sessions, size_t i)
{
    keel__shape_session(json, (const struct keel_session *)sessions + i);
}

static void print_table(const struct keel__global *global, const struct keel_session *sessions,
                        size_t count)
{
    static const struct keel__column columns[] = {
        {"SESSION", false, true}, {"PROJECT", false, true}, {"LAST", false, false},
        {"RUNS", true, false},    {"CALLS", true, false},   {"TOKENS", true, false},
        {"COST", true, false}};
    struct keel__table *table = keel__table_new(columns, sizeof columns / sizeof *columns);
    struct keel__term term;
    char text[32];
    for (size_t i = 0; i < count; i++) {
        keel__table_cell(table, KEEL__BOLD, sessions[i].id);
        keel__table_cell(table, KEEL__PLAIN, sessions[i].project);
        keel__human_time(sessions[i].last_at, text);
        keel__table_cell(table, KEEL__PLAIN, text);
        keel__human_count(sessions[i].run_count, text);
        keel__table_cell(table, KEEL__PLAIN, text);
        keel__human_count(sessions[i].llm_call_count, text);
        keel__table_cell(table, KEEL__PLAIN, text);
        keel__human_count(sessions[i].input_tokens + sessions[i].output_tokens, text);
        keel__table_cell(table, KEEL__PLAIN, text);
        keel__human_money(sessions[i].cost_nusd, text);
        keel__table_cell(table, KEEL__GREEN, text);
    }
    keel__term_init(&term, global, stdout);
    keel__table_print(table, &term, "No sessions: they come from gen_ai.conversation.id.");
    keel__table_free(table);
}

static int run(const struct keel__command *self, int argc, char **argv)
{
    struct keel__global global = {0};
    struct own own = {0};
    struct keel_store *store = NULL;
    struct keel_result result = {0};
    struct keel_error err = {0};
    struct keel_session *sessions;
    const char *next;
    size_t count;
    keel__parse(self, argc, argv, &global, &own);
    int status = keel__store_open(&global, KEEL__READ, &store);
    if (status)
        return status;
    if (keel_session_list(store, own.project, NULL, own.limit, &sessions, &count, &next, &result,
                          &err)) {
        status = keel__fail(&err);
    } else if (global.json) {
        status = keel__output_array(count, shape, sessions);
    } else {
        print_table(&global, sessions, count);
        if (next)
            keel__note(&global, "There are more: --limit N.");
    }
    keel_result_free(&result);
    keel_store_close(store);
    return status;
}

const struct keel__command keel__cmd_sessions = {
    .name = "sessions",
    .summary = "List sessions (conversations over several runs), the latest first",
    .options = options,
    .parse = parse,
    .run = run,
};
