#include <stdlib.h>

#include "cli/messages.h"
#include "cli/output.h"
#include "cli/table.h"
#include "cli/tree.h"
#include "store/shape.h"

struct own {
    struct keel__words words;
    long long limit;
    bool messages;
};

static const struct argp_option options[] = {
    {"messages", 'm', NULL, 0, "Also print the messages of every model call", 0},
    {"limit", 'n', "N", 0, "At most N events of the tree (default 500 for people, 10000 as JSON)",
     0},
    {0}};

static error_t parse(int key, char *arg, struct argp_state *state)
{
    struct own *own = state->input;
    if (key == 'm')
        own->messages = true;
    else if (key == 'n')
        own->limit = keel__number(state, "--limit", arg, 1, 1000000);
    else if (key == ARGP_KEY_ARG)
        keel__words_add(&own->words, arg, state);
    else
        return ARGP_ERR_UNKNOWN;
    return 0;
}

/* Everything that is shown of one run. */
struct view {
    struct keel_run run;
    struct keel_status_change *changes;
    size_t change_count;
    struct keel_input *inputs;
    size_t input_count;
    struct keel_event *events;
    size_t event_count;
    bool more_events;
    struct keel_llm_call *calls;
    size_t call_count;
    int64_t more_calls;
    struct keel_result results[5];
};

enum { MAX_CALLS = 1000 };

static int load(struct keel_store *store, struct keel_uuid id, const struct own *own, bool messages,
                size_t limit, struct view *view, struct keel_error *err)
{
    int code = keel_run_get(store, id, &view->run, &view->results[0], err);
    if (!code)
        code = keel_run_status_log(store, id, &view->changes, &view->change_count,
                                   &view->results[1], err);
    if (!code)
        code =
            keel_run_inputs(store, id, &view->inputs, &view->input_count, &view->results[2], err);
    if (!code)
        code = keel_run_timeline(store, id, own->limit ? (size_t)own->limit : limit, &view->events,
                                 &view->event_count, &view->more_events, &view->results[3], err);
    if (!code)
        code = keel_llm_call_list(store, id, 0, MAX_CALLS, messages, &view->calls,
                                  &view->call_count, &view->more_calls, &view->results[4], err);
    return code;
}

static void unload(struct view *view)
{
    for (size_t i = 0; i < sizeof view->results / sizeof *view->results; i++)
        keel_result_free(&view->results[i]);
}

static int print_json(const struct view *view)
{
    struct keel__output output;
    struct keel__json *json = &output.json;
    keel__output_init(&output);
    keel__json_object_begin(json);
    keel__shape_run_members(json, &view->run);
    keel__json_key(json, "status_log");
    keel__json_array_begin(json);
    for (size_t i = 0; i < view->change_count; i++)
        keel__shape_status_change(json, &view->changes[i]);
    keel__json_array_end(json);
    keel__json_key(json, "inputs");
    keel__json_array_begin(json);
    for (size_t i = 0; i < view->input_count; i++)
        keel__shape_input(json, &view->inputs[i]);
    keel__json_array_end(json);
    keel__json_key(json, "events");
    keel__json_array_begin(json);
    for (size_t i = 0; i < view->event_count; i++)
        keel__shape_event(json, view->run.id, &view->events[i], KEEL__EVENT_TREE);
    keel__json_array_end(json);
    keel__json_add_bool(json, "more_events", view->more_events);
    keel__json_key(json, "llm_calls");
    keel__json_array_begin(json);
    for (size_t i = 0; i < view->call_count; i++)
        keel__shape_llm_call(json, &view->calls[i], true);
    keel__json_array_end(json);
    keel__json_add_bool(json, "more_llm_calls", view->more_calls != 0);
    keel__json_object_end(json);
    return keel__output_finish(&output);
}

static void field(const struct keel__term *term, const char *label, enum keel__style style,
                  const char *value)
{
    if (!value || !*value)
        return;
    keel__term_style(term, KEEL__DIM);
    fprintf(term->out, "%-10s", label);
    keel__term_reset(term);
    keel__term_style(term, style);
    keel__term_safe(term->out, keel_slice_of(value));
    keel__term_reset(term);
    fputc('\n', term->out);
}

static void heading(const struct keel__term *term, const char *text)
{
    fputc('\n', term->out);
    keel__term_style(term, KEEL__BOLD);
    fputs(text, term->out);
    keel__term_reset(term);
    fputc('\n', term->out);
}

static void tokens_line(char out[160], const struct keel_run *run)
{
    char input[32], output[32], cached[32];
    keel__human_count(run->input_tokens, input);
    keel__human_count(run->output_tokens, output);
    keel__human_count(run->cache_read_tokens, cached);
    snprintf(out, 160, "%s in (%s of them cached), %s out", input, cached, output);
}

static void header(const struct keel__term *term, const struct keel_run *run)
{
    char id[37], parent[37] = "", text[160], time[32];
    const char *status = keel_run_status_name(run->status);
    keel_uuid_format(run->id, id);
    if (run->has_parent)
        keel_uuid_format(run->parent_run_id, parent);
    field(term, "run", KEEL__BOLD, id);
    field(term, "name", KEEL__PLAIN, run->name);
    field(term, "project", KEEL__PLAIN, run->project);
    field(term, "kind", KEEL__PLAIN, run->kind);
    field(term, "status", keel__status_style(status), status);
    field(term, "error", KEEL__RED, run->last_error);
    field(term, "trace", KEEL__PLAIN, run->trace_id);
    field(term, "session", KEEL__PLAIN, run->session_id);
    field(term, "user", KEEL__PLAIN, run->user_id);
    field(term, "worktree", KEEL__PLAIN, run->worktree);
    field(term, "parent", KEEL__PLAIN, parent);
    keel__human_time(run->started_at ? run->started_at : run->created_at, time);
    field(term, "started", KEEL__PLAIN, time);
    if (run->ended_at && run->started_at) {
        keel__human_duration(run->ended_at - run->started_at, time);
        field(term, "took", KEEL__PLAIN, time);
    }
    if (run->llm_call_count) {
        tokens_line(text, run);
        field(term, "tokens", KEEL__PLAIN, text);
        keel__human_money(run->cost_nusd, time);
        snprintf(text, sizeof text, "%s for %lld model call%s", time,
                 (long long)run->llm_call_count, run->llm_call_count == 1 ? "" : "s");
        field(term, "cost", KEEL__GREEN, text);
    }
}

static void status_log(const struct keel__term *term, const struct view *view)
{
    heading(term, "Status");
    for (size_t i = 0; i < view->change_count; i++) {
        const struct keel_status_change *change = &view->changes[i];
        const char *status = keel_run_status_name(change->status);
        char time[32];
        keel__human_time(change->at, time);
        fprintf(term->out, "  %s  ", time);
        keel__term_style(term, keel__status_style(status));
        fprintf(term->out, "%-12s", status);
        keel__term_reset(term);
        fputs("by ", term->out);
        keel__term_safe(term->out, keel_slice_of(change->actor));
        if (change->reason) {
            fputs(": ", term->out);
            keel__term_safe(term->out, keel_slice_of(change->reason));
        }
        fputc('\n', term->out);
    }
}

static void event_line(const struct keel__term *term, const struct keel_event *event)
{
    char took[32];
    keel__term_style(term, keel__event_style(event));
    keel__term_safe(term->out, keel_slice_of(keel__event_title(event)));
    keel__term_reset(term);
    keel__term_style(term, KEEL__DIM);
    if (event->kind != KEEL_EVENT_SPAN && event->kind != KEEL_EVENT_MISSING)
        fprintf(term->out, "  %s", keel_event_kind_name(event->kind));
    if (event->tool_name && event->kind == KEEL_EVENT_TOOL &&
        !strstr(keel__event_title(event), event->tool_name)) {
        fputc(' ', term->out);
        keel__term_safe(term->out, keel_slice_of(event->tool_name));
    }
    if (event->end_ns > event->start_ns) {
        keel__human_duration((event->end_ns - event->start_ns) / 1000, took);
        fprintf(term->out, "  %s", took);
    }
    keel__term_reset(term);
    if (event->status_message) {
        keel__term_style(term, KEEL__RED);
        fputs("  ", term->out);
        keel__term_safe(term->out, keel__term_fit(keel_slice_of(event->status_message), 160));
        keel__term_reset(term);
    }
    fputc('\n', term->out);
}

static int events(const struct keel__term *term, const struct view *view)
{
    struct keel__tree *tree = keel__tree_new(view->events, view->event_count);
    if (!tree)
        return keel__fail_message("out of memory");
    heading(term, "Events");
    for (size_t i = 0; i < view->event_count; i++) {
        fputs("  ", term->out);
        keel__tree_branch(tree, term, i, (term->width ? term->width : 120) / 2);
        event_line(term, &view->events[i]);
    }
    keel__tree_free(tree);
    return KEEL__EXIT_OK;
}

static void call_cells(struct keel__table *table, const struct keel_llm_call *call)
{
    char text[32];
    const char *model = call->response_model ? call->response_model : call->request_model;
    /* OpenTelemetry leaves the status of what went well unset */
    const char *status = call->status == KEEL_STATUS_ERROR ? "error" : "ok";
    snprintf(text, sizeof text, "%lld", (long long)call->sequence);
    keel__table_cell(table, KEEL__DIM, text);
    keel__table_cell(table, KEEL__MAGENTA, model ? model : "-");
    keel__table_cell(table, keel__status_style(status), call->is_leaf ? status : "wrapper");
    keel__human_duration(call->duration_us, text);
    keel__table_cell(table, KEEL__PLAIN, text);
    keel__human_count(call->input_tokens, text);
    keel__table_cell(table, KEEL__PLAIN, text);
    keel__human_count(call->cache_read_tokens, text);
    keel__table_cell(table, KEEL__PLAIN, text);
    keel__human_count(call->output_tokens, text);
    keel__table_cell(table, KEEL__PLAIN, text);
    if (call->has_cost)
        keel__human_money(call->cost_nusd, text);
    keel__table_cell(table, call->has_cost ? KEEL__GREEN : KEEL__DIM,
                     call->has_cost ? text : "no price");
    keel__table_cell(table, KEEL__PLAIN, call->finish_reason ? call->finish_reason : "-");
}

static void calls(const struct keel__term *term, const struct view *view)
{
    static const struct keel__column columns[] = {
        {"#", true, false},      {"MODEL", false, true}, {"STATUS", false, false},
        {"TOOK", true, false},   {"INPUT", true, false}, {"CACHED", true, false},
        {"OUTPUT", true, false}, {"COST", true, false},  {"FINISH", false, true}};
    heading(term, "Model calls");
    struct keel__table *table = keel__table_new(columns, sizeof columns / sizeof *columns);
    for (size_t i = 0; i < view->call_count; i++)
        call_cells(table, &view->calls[i]);
    keel__table_print(table, term, "");
    keel__table_free(table);
}

static void messages(const struct keel__term *term, const struct view *view)
{
    for (size_t i = 0; i < view->call_count; i++) {
        char title[64];
        snprintf(title, sizeof title, "Messages of call %lld", (long long)view->calls[i].sequence);
        heading(term, title);
        keel__messages_print(term, &view->calls[i], i ? &view->calls[i - 1] : NULL);
    }
}

static int print_text(const struct keel__global *global, const struct own *own,
                      const struct view *view)
{
    struct keel__term term;
    int status = KEEL__EXIT_OK;
    keel__term_init(&term, global, stdout);
    header(&term, &view->run);
    if (view->change_count)
        status_log(&term, view);
    if (view->event_count)
        status = events(&term, view);
    if (view->more_events)
        keel__note(global, "  There are more events: --limit N.");
    if (view->call_count)
        calls(&term, view);
    if (own->messages)
        messages(&term, view);
    return status;
}

static int show(struct keel_store *store, const struct keel__global *global, const struct own *own)
{
    enum { PEOPLE = 500, PROGRAMS = 10000 };
    struct keel_uuid id;
    struct keel_error err = {0};
    struct view view = {0};
    int status = keel__run_named(store, own->words.word[0], &id);
    if (status)
        return status;
    if (load(store, id, own, global->json || own->messages, global->json ? PROGRAMS : PEOPLE, &view,
             &err))
        status = keel__fail(&err);
    else
        status = global->json ? print_json(&view) : print_text(global, own, &view);
    unload(&view);
    return status;
}

static int run(const struct keel__command *self, int argc, char **argv)
{
    struct keel__global global = {0};
    struct own own = {0};
    struct keel_store *store = NULL;
    keel__parse(self, argc, argv, &global, &own);
    if (own.words.count != 1)
        return keel__usage(self, "name one run: its id, the start of it, or its trace id");
    int status = keel__store_open(&global, KEEL__READ, &store);
    if (status)
        return status;
    status = show(store, &global, &own);
    keel_store_close(store);
    return status;
}

const struct keel__command keel__cmd_show = {
    .name = "show",
    .args = "RUN",
    .summary = "Show one run: status log, tree of events, model calls, tokens and cost",
    .details = "RUN is a run's id, a unique start of it, or its trace id. A span that was named as "
               "a parent and has not arrived is shown as (not received).\n\n"
               "    keel show 0193\n"
               "    keel show 4bf92f3577b34da6a3ce929d0e0e4736 --messages",
    .options = options,
    .parse = parse,
    .run = run,
};
