#include <signal.h>
#include <stdlib.h>
#include <time.h>

#include "cli/output.h"
#include "cli/tree.h"
#include "store/shape.h"

/* Follows the database, not a server: what another process writes is seen as well. */

struct own {
    struct keel__words words;
    const char *project;
    long long interval_ms;
};

static const struct argp_option options[] = {
    {"project", 'p', "NAME", 0, "Only runs of this project", 0},
    {"interval", 'i', "MS", 0, "Look every MS milliseconds (default 1000)", 0},
    {0}};

static error_t parse(int key, char *arg, struct argp_state *state)
{
    struct own *own = state->input;
    if (key == 'p')
        own->project = arg;
    else if (key == 'i')
        own->interval_ms = keel__number(state, "--interval", arg, 10, 3600000);
    else if (key == ARGP_KEY_ARG)
        keel__words_add(&own->words, arg, state);
    else
        return ARGP_ERR_UNKNOWN;
    return 0;
}

static volatile sig_atomic_t stopped;

static void stop(int signal)
{
    (void)signal;
    stopped = 1;
}

/* How far a run has been shown. */
struct seen {
    struct keel_uuid id;
    enum keel_run_status status;
    int64_t sequence;
};

enum { WATCHED = 200 };

struct tail {
    struct keel_store *store;
    const struct keel__global *global;
    struct keel__term term;
    struct seen seen[WATCHED]; /* a ring: the oldest is forgotten */
    size_t count, next;
    bool started; /* what was there before is not shown */
};

static struct seen *seen_of(struct tail *tail, struct keel_uuid id, bool *fresh)
{
    for (size_t i = 0; i < tail->count; i++)
        if (!memcmp(tail->seen[i].id.bytes, id.bytes, sizeof id.bytes)) {
            *fresh = false;
            return &tail->seen[i];
        }
    struct seen *seen = &tail->seen[tail->next];
    tail->next = (tail->next + 1) % WATCHED;
    if (tail->count < WATCHED)
        tail->count++;
    *seen = (struct seen){.id = id};
    *fresh = true;
    return seen;
}

static void stamp(const struct keel__term *term, int64_t us, struct keel_uuid id)
{
    char time[32], text[37];
    keel__human_time(us, time);
    keel_uuid_format(id, text);
    keel__term_style(term, KEEL__DIM);
    /* the end of a UUIDv7 tells runs apart, its start is the time */
    fprintf(term->out, "%s  %s  ", time, text + 24);
    keel__term_reset(term);
}

static int show_run(struct tail *tail, const struct keel_run *run)
{
    const char *status = keel_run_status_name(run->status);
    if (tail->global->json) {
        struct keel__output output;
        keel__output_init(&output);
        output.json.pretty = false;
        keel__shape_run(&output.json, run);
        return keel__output_finish(&output);
    }
    int64_t at = run->ended_at     ? run->ended_at
                 : run->started_at ? run->started_at
                                   : run->created_at;
    stamp(&tail->term, at, run->id);
    keel__term_style(&tail->term, keel__status_style(status));
    printf("%-12s", status);
    keel__term_reset(&tail->term);
    keel__term_safe(stdout, keel_slice_of(run->project));
    fputs(" / ", stdout);
    keel__term_safe(stdout, keel_slice_of(run->name ? run->name : "-"));
    if (run->last_error) {
        fputs(": ", stdout);
        keel__term_safe(stdout, keel_slice_of(run->last_error));
    }
    fputc('\n', stdout);
    return KEEL__EXIT_OK;
}

static int show_event(struct tail *tail, struct keel_uuid id, const struct keel_event *event)
{
    if (tail->global->json) {
        struct keel__output output;
        keel__output_init(&output);
        output.json.pretty = false;
        keel__shape_event(&output.json, id, event, KEEL__EVENT_PLAIN);
        return keel__output_finish(&output);
    }
    char took[32] = "";
    if (event->end_ns > event->start_ns)
        keel__human_duration((event->end_ns - event->start_ns) / 1000, took);
    stamp(&tail->term, event->start_ns / 1000, id);
    keel__term_style(&tail->term, keel__event_style(event));
    printf("%-12s", keel_event_kind_name(event->kind));
    keel__term_safe(stdout, keel_slice_of(keel__event_title(event)));
    keel__term_reset(&tail->term);
    printf("  %s", took);
    if (event->status_message) {
        fputs("  ", stdout);
        keel__term_safe(stdout, keel_slice_of(event->status_message));
    }
    fputc('\n', stdout);
    return KEEL__EXIT_OK;
}

static int events_after(struct tail *tail, struct seen *seen, bool silent, struct keel_error *err)
{
    int64_t next = seen->sequence;
    do {
        struct keel_result result = {0};
        struct keel_event *events;
        size_t count;
        int code = keel_event_list(tail->store, seen->id, seen->sequence, 1000, false, &events,
                                   &count, &next, &result, err);
        for (size_t i = 0; !code && i < count; i++) {
            seen->sequence = events[i].sequence;
            if (!silent && events[i].kind != KEEL_EVENT_MISSING)
                show_event(tail, seen->id, &events[i]);
        }
        keel_result_free(&result);
        if (code)
            return code;
    } while (next && !stopped);
    return 0;
}

static int look_at(struct tail *tail, const struct keel_run *run, struct keel_error *err)
{
    bool fresh;
    struct seen *seen = seen_of(tail, run->id, &fresh);
    bool silent = fresh && !tail->started;
    int code = 0;
    if (fresh && !silent)
        show_run(tail, run);
    code = events_after(tail, seen, silent, err);
    if (!code && !fresh && seen->status != run->status)
        show_run(tail, run);
    seen->status = run->status;
    return code;
}

static int look(struct tail *tail, const struct own *own, const struct keel_uuid *only,
                struct keel_error *err)
{
    struct keel_run_filter filter = {.project = own->project, .limit = WATCHED / 2};
    struct keel_result result = {0};
    struct keel_run one, *runs = &one;
    size_t count = 1;
    const char *next;
    int code = only ? keel_run_get(tail->store, *only, &one, &result, err)
                    : keel_run_list(tail->store, &filter, &runs, &count, &next, &result, err);
    for (size_t i = count; !code && i-- > 0 && !stopped;)
        code = look_at(tail, &runs[i], err);
    keel_result_free(&result);
    tail->started = true;
    fflush(stdout);
    return code;
}

static int follow(struct tail *tail, const struct own *own)
{
    struct keel_error err = {0};
    struct keel_uuid id;
    bool one = own->words.count == 1;
    struct timespec pause = {own->interval_ms / 1000, own->interval_ms % 1000 * 1000000};
    if (one && keel__run_named(tail->store, own->words.word[0], &id))
        return KEEL__EXIT_FAILED;
    tail->started = one; /* a run that is named is shown from its start */
    keel__note(tail->global, "Waiting for what arrives; Ctrl-C ends.");
    while (!stopped && !ferror(stdout)) {
        int code = look(tail, own, one ? &id : NULL, &err);
        if (code && code != KEEL_BUSY)
            return keel__fail(&err);
        if (!stopped)
            nanosleep(&pause, NULL);
    }
    return KEEL__EXIT_OK;
}

static int run(const struct keel__command *self, int argc, char **argv)
{
    struct keel__global global = {0};
    struct own own = {.interval_ms = 1000};
    struct keel_store *store = NULL;
    keel__parse(self, argc, argv, &global, &own);
    if (own.words.count > 1)
        return keel__usage(self, "name one run, or none for all");
    int status = keel__store_open(&global, KEEL__READ, &store);
    if (status)
        return status;
    struct tail *tail = calloc(1, sizeof *tail);
    struct sigaction action = {.sa_handler = stop};
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    if (tail) {
        tail->store = store;
        tail->global = &global;
        keel__term_init(&tail->term, &global, stdout);
        status = follow(tail, &own);
    } else {
        status = keel__fail_message("out of memory");
    }
    free(tail);
    keel_store_close(store);
    return status;
}

const struct keel__command keel__cmd_tail = {
    .name = "tail",
    .args = "[RUN]",
    .summary = "Print runs, events and status changes as they arrive",
    .details = "Looks at the hundred newest runs. With RUN, prints that run from its first event "
               "on. With --json, one object a line: runs have `status' and `project', events have "
               "`run_id'.",
    .options = options,
    .parse = parse,
    .run = run,
};
