#include "cli/output.h"
#include "cli/table.h"
#include "store/shape.h"

#include <string.h>

struct own {
    enum keel_cost_by by;
    struct keel_cost_filter filter;
    struct keel__words words;
};

static const struct argp_option options[] = {
    {"by", 'b', "WHAT", 0, "project, model (default), agent, day or session", 0},
    {"project", 'p', "NAME", 0, "Of this project", 0},
    {"since", 't', "TIME", 0, "Calls started at or after: 24h, 7d, 2026-11-22, RFC 3339", 0},
    {"until", 'u', "TIME", 0, "Calls started before", 0},
    {0}};

static const struct {
    const char *name;
    const char *title;
    enum keel_cost_by by;
} dimensions[] = {{"project", "PROJECT", KEEL_COST_PROJECT},
                  {"model", "MODEL", KEEL_COST_MODEL},
                  {"agent", "AGENT", KEEL_COST_AGENT},
                  {"day", "DAY", KEEL_COST_DAY},
                  {"session", "SESSION", KEEL_COST_SESSION}};
enum { DIMENSIONS = sizeof dimensions / sizeof *dimensions };

static error_t parse(int key, char *arg, struct argp_state *state)
{
    struct own *own = state->input;
    switch (key) {
    case 'b':
        own->by = 0;
        for (int i = 0; i < DIMENSIONS; i++)
            if (!strcmp(arg, dimensions[i].name))
                own->by = dimensions[i].by;
        if (!own->by)
            argp_error(state, "--by takes project, model, agent, day or session, not '%s'", arg);
        return 0;
    case 'p':
        own->filter.project = arg;
        return 0;
    case 't':
        own->filter.since = keel__when(state, "--since", arg);
        return 0;
    case 'u':
        own->filter.until = keel__when(state, "--until", arg);
        return 0;
    case ARGP_KEY_ARG:
        keel__words_add(&own->words, arg, state);
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static void cell_count(struct keel__table *table, int64_t count)
{
    char text[32];
    keel__human_count(count, text);
    keel__table_cell(table, KEEL__PLAIN, text);
}

static void print_table(const struct keel__global *global, enum keel_cost_by by,
                        const struct keel_cost *costs, size_t count)
{
    struct keel__column columns[] = {{"", false, true},       {"CALLS", true, false},
                                     {"INPUT", true, false},  {"CACHE READ", true, false},
                                     {"OUTPUT", true, false}, {"REASONING", true, false},
                                     {"COST", true, false}};
    struct keel__term term;
    char text[32];
    int64_t unpriced = 0;
    for (int i = 0; i < DIMENSIONS; i++)
        if (dimensions[i].by == by)
            columns[0].title = dimensions[i].title;
    struct keel__table *table = keel__table_new(columns, sizeof columns / sizeof *columns);
    for (size_t i = 0; i < count; i++) {
        keel__table_cell(table, costs[i].key ? KEEL__BOLD : KEEL__DIM,
                         costs[i].key ? costs[i].key : "(none)");
        cell_count(table, costs[i].llm_call_count);
        cell_count(table, costs[i].input_tokens);
        cell_count(table, costs[i].cache_read_tokens);
        cell_count(table, costs[i].output_tokens);
        cell_count(table, costs[i].reasoning_tokens);
        keel__human_money(costs[i].cost_nusd, text);
        keel__table_cell(table, KEEL__GREEN, text);
        unpriced += costs[i].unpriced_call_count;
    }
    keel__term_init(&term, global, stdout);
    keel__table_print(table, &term, "No model calls in this time.");
    keel__table_free(table);
    if (unpriced)
        keel__note(global,
                   "%lld calls have no price: `keel prices set', then `keel costs recompute'.",
                   (long long)unpriced);
}

struct report {
    enum keel_cost_by by;
    const struct keel_cost *costs;
};

static void shape(struct keel__json *json, const void *context, size_t i)
{
    const struct report *report = context;
    keel__shape_cost(json, report->by, &report->costs[i]);
}

static int report(struct keel_store *store, const struct keel__global *global,
                  const struct own *own)
{
    struct keel_result result = {0};
    struct keel_error err = {0};
    struct keel_cost *costs;
    size_t count;
    int status = KEEL__EXIT_OK;
    if (keel_cost_report(store, own->by, &own->filter, &costs, &count, &result, &err)) {
        status = keel__fail(&err);
    } else if (global->json) {
        struct report report = {own->by, costs};
        status = keel__output_array(count, shape, &report);
    } else {
        print_table(global, own->by, costs, count);
    }
    keel_result_free(&result);
    return status;
}

static void progress(void *context, int64_t done, int64_t total)
{
    keel__term_progress(context, "calls", done, total);
}

static int recompute(struct keel_store *store, const struct keel__global *global,
                     const struct own *own)
{
    struct keel_error err = {0};
    int64_t changed = 0;
    int64_t until = own->filter.until ? own->filter.until : INT64_MAX;
    int code = keel_cost_recompute(store, own->filter.since, until, keel__actor(), progress,
                                   (void *)global, &changed, &err);
    keel__term_progress_end(global);
    if (code)
        return keel__fail(&err);
    if (global->json)
        printf("{\"changed\":%lld}\n", (long long)changed);
    else
        printf("%lld calls have another cost now.\n", (long long)changed);
    return KEEL__EXIT_OK;
}

static int run(const struct keel__command *self, int argc, char **argv)
{
    struct keel__global global = {0};
    struct own own = {.by = KEEL_COST_MODEL};
    struct keel_store *store = NULL;
    keel__parse(self, argc, argv, &global, &own);
    bool recomputes = own.words.count == 1 && !strcmp(own.words.word[0], "recompute");
    if (own.words.count && !recomputes)
        return keel__usage(self, "there is no verb '%s'", own.words.word[0]);
    if (recomputes && own.filter.project)
        return keel__usage(self, "recompute works on all projects: leave --project out");
    int status = keel__store_open(&global, recomputes ? KEEL__WRITE : KEEL__READ, &store);
    if (status)
        return status;
    status = recomputes ? recompute(store, &global, &own) : report(store, &global, &own);
    keel_store_close(store);
    return status;
}

const struct keel__command keel__cmd_costs = {
    .name = "costs",
    .args = "[recompute]",
    .summary = "What model calls cost, by model, project, agent, day or session",
    .details = "Each model call counts once: a span that wraps other calls and repeats their "
               "tokens adds nothing. Input includes what was read from the cache; it is priced "
               "apart.\n\n"
               "recompute prices every call since --since again, after prices have changed. It is "
               "written to the audit log.\n\n"
               "    keel costs --by day --since 7d\n"
               "    keel costs recompute --since 2026-11-01",
    .options = options,
    .parse = parse,
    .run = run,
};
