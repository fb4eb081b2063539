#include "cli/output.h"
#include "cli/table.h"
#include "store/shape.h"

struct own {
    struct keel_run_filter filter;
    bool all;
};

static const struct argp_option options[] = {
    {"project", 'p', "NAME", 0, "Of this project", 0},
    {"status", 's', "STATUS", 0, "pending, in_progress, blocked, completed, failed or cancelled",
     0},
    {"kind", 'k', "KIND", 0, "Of this kind", 0},
    {"session", 'S', "ID", 0, "Of this session", 0},
    {"grep", 'g', "TEXT", 0, "With TEXT in the name or the last error (any case)", 0},
    {"since", 't', "TIME", 0, "Started at or after: 24h, 7d, 2026-11-22, RFC 3339", 0},
    {"until", 'u', "TIME", 0, "Started before", 0},
    {"limit", 'n', "N", 0, "At most N runs (default 50)", 0},
    {"all", 'a', NULL, 0, "All runs, not only the first N", 0},
    {0}};

static error_t parse(int key, char *arg, struct argp_state *state)
{
    struct own *own = state->input;
    switch (key) {
    case 'p':
        own->filter.project = arg;
        return 0;
    case 's':
        if (!keel_run_status_parse(keel_slice_of(arg), &own->filter.status))
            argp_error(state, "there is no status '%s'", arg);
        return 0;
    case 'k':
        own->filter.kind = arg;
        return 0;
    case 'S':
        own->filter.session_id = arg;
        return 0;
    case 'g':
        own->filter.text = arg;
        return 0;
    case 't':
        own->filter.since = keel__when(state, "--since", arg);
        return 0;
    case 'u':
        own->filter.until = keel__when(state, "--until", arg);
        return 0;
    case 'n':
        own->filter.limit = (int)keel__number(state, "--limit", arg, 1, 1000000);
        return 0;
    case 'a':
        own->all = true;
        return 0;
    case ARGP_KEY_ARG:
        argp_error(state, "unexpected argument '%s'; `keel show %s' shows one run", arg, arg);
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

enum { PAGE = 500 };

typedef void run_fn(void *context, const struct keel_run *run);

/* Calls each for the runs that were asked for, page by page. */
static int each_run(struct keel_store *store, const struct own *own, run_fn *each, void *context,
                    bool *more, struct keel_error *err)
{
    struct keel_run_filter filter = own->filter;
    struct keel_result results[2] = {{0}};
    const char *next = NULL;
    int left = own->all ? INT32_MAX : filter.limit ? filter.limit : 50;
    int code = 0;
    for (int page = 0; left > 0; page++) {
        struct keel_run *runs;
        size_t count;
        struct keel_result *result = &results[page % 2]; /* the cursor lives in the page before */
        keel_result_free(result);
        filter.limit = left < PAGE ? left : PAGE;
        code = keel_run_list(store, &filter, &runs, &count, &next, result, err);
        if (code)
            break;
        for (size_t i = 0; i < count; i++)
            each(context, &runs[i]);
        left -= (int)count;
        filter.after = next;
        if (!next)
            break;
    }
    *more = !code && next;
    keel_result_free(&results[0]);
    keel_result_free(&results[1]);
    return code;
}

static void as_json(void *context, const struct keel_run *run)
{
    keel__shape_run(context, run);
}

/* A whole row takes some 130 columns: where there are fewer, the start of the id names the run as
 * well. */
struct rows {
    struct keel__table *table;
    bool short_ids;
};

static void as_row(void *context, const struct keel_run *run)
{
    enum { SHORT = 18 }; /* the time and the first random bits of a UUIDv7 */
    const struct rows *rows = context;
    struct keel__table *table = rows->table;
    char id[37], text[32];
    keel_uuid_format(run->id, id);
    if (rows->short_ids)
        id[SHORT] = '\0';
    const char *status = keel_run_status_name(run->status);
    int64_t end = run->ended_at ? run->ended_at : 0;
    keel__table_cell(table, KEEL__BOLD, id);
    keel__table_cell(table, keel__status_style(status), status);
    keel__table_cell(table, KEEL__PLAIN, run->project);
    keel__table_cell(table, KEEL__PLAIN, run->name && *run->name ? run->name : "-");
    keel__human_time(run->started_at ? run->started_at : run->created_at, text);
    keel__table_cell(table, KEEL__PLAIN, text);
    keel__human_duration(end && run->started_at ? end - run->started_at : -1, text);
    keel__table_cell(table, KEEL__PLAIN, text);
    keel__human_count(run->event_count, text);
    keel__table_cell(table, KEEL__PLAIN, text);
    keel__human_count(run->llm_call_count, text);
    keel__table_cell(table, KEEL__PLAIN, text);
    keel__human_count(run->input_tokens + run->output_tokens, text);
    keel__table_cell(table, KEEL__PLAIN, text);
    keel__human_money(run->cost_nusd, text);
    keel__table_cell(table, KEEL__GREEN, text);
}

static int print_json(struct keel_store *store, const struct own *own)
{
    struct keel__output output;
    struct keel_error err = {0};
    bool more;
    keel__output_init(&output);
    keel__json_array_begin(&output.json);
    int code = each_run(store, own, as_json, &output.json, &more, &err);
    keel__json_array_end(&output.json);
    if (code) {
        keel__str_fini(&output.text);
        return keel__fail(&err);
    }
    return keel__output_finish(&output);
}

static int print_table(struct keel_store *store, const struct keel__global *global,
                       const struct own *own)
{
    static const struct keel__column columns[] = {
        {"RUN", false, false},   {"STATUS", false, false},  {"PROJECT", false, true},
        {"NAME", false, true},   {"STARTED", false, false}, {"TOOK", true, false},
        {"EVENTS", true, false}, {"CALLS", true, false},    {"TOKENS", true, false},
        {"COST", true, false}};
    struct keel__table *table = keel__table_new(columns, sizeof columns / sizeof *columns);
    struct keel__term term;
    struct keel_error err = {0};
    bool more = false;
    keel__term_init(&term, global, stdout);
    struct rows rows = {table, term.width && term.width < 140};
    int code = each_run(store, own, as_row, &rows, &more, &err);
    if (!code) {
        keel__table_print(table, &term,
                          "No runs here yet. `keel demo' sends some, or point an OpenTelemetry "
                          "SDK at `keel serve'.");
        if (more)
            keel__note(global, "There are more: --limit N, --all, or a narrower --since.");
    }
    keel__table_free(table);
    return code ? keel__fail(&err) : KEEL__EXIT_OK;
}

static int run(const struct keel__command *self, int argc, char **argv)
{
    struct keel__global global = {0};
    struct own own = {0};
    struct keel_store *store = NULL;
    keel__parse(self, argc, argv, &global, &own);
    int status = keel__store_open(&global, KEEL__READ, &store);
    if (status)
        return status;
    status = global.json ? print_json(store, &own) : print_table(store, &global, &own);
    keel_store_close(store);
    return status;
}

const struct keel__command keel__cmd_runs = {
    .name = "runs",
    .summary = "List runs, newest first",
    .details = "Tokens and cost count each model call once: a span that wraps other calls and "
               "repeats their tokens adds nothing.\n\n"
               "    keel runs --since 24h --status failed\n"
               "    keel runs --project shop --json | jq '.[].cost_usd'",
    .options = options,
    .parse = parse,
    .run = run,
};
