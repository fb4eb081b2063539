#include <stdlib.h>

#include "cli/output.h"
#include "cli/tree.h"
#include "store/shape.h"

struct own {
    struct keel__words words;
    long long limit;
};

static const struct argp_option options[] = {
    {"limit", 'n', "N", 0, "At most N events (default 10000)", 0}, {0}};

static error_t parse(int key, char *arg, struct argp_state *state)
{
    struct own *own = state->input;
    if (key == 'n')
        own->limit = keel__number(state, "--limit", arg, 1, 1000000);
    else if (key == ARGP_KEY_ARG)
        keel__words_add(&own->words, arg, state);
    else
        return ARGP_ERR_UNKNOWN;
    return 0;
}

struct span {
    int64_t start_ns, end_ns;
};

static struct span extent(const struct keel_event *events, size_t count)
{
    struct span all = {INT64_MAX, INT64_MIN};
    for (size_t i = 0; i < count; i++) {
        int64_t start = events[i].start_ns, end = events[i].end_ns ? events[i].end_ns : start;
        if (!start)
            continue;
        if (start < all.start_ns)
            all.start_ns = start;
        if (end > all.end_ns)
            all.end_ns = end;
    }
    return all.start_ns <= all.end_ns ? all : (struct span){0, 0};
}

static int place(int64_t at, struct span all, int width)
{
    int64_t length = all.end_ns - all.start_ns;
    if (length <= 0)
        return 0;
    int column = (int)((double)(at - all.start_ns) / (double)length * width);
    return column < 0 ? 0 : column > width ? width : column;
}

static void bar(const struct keel__term *term, const struct keel_event *event, struct span all,
                int width)
{
    int64_t end = event->end_ns ? event->end_ns : event->start_ns;
    int from = place(event->start_ns, all, width), to = place(end, all, width);
    if (from >= width)
        from = width - 1;
    if (to <= from)
        to = from + 1;
    for (int i = 0; i < from; i++)
        fputc(' ', term->out);
    keel__term_style(term, keel__event_style(event));
    if (event->end_ns == 0 || event->end_ns == event->start_ns)
        fputs("\xE2\x97\x86", term->out); /* a point in time */
    else
        for (int i = from; i < to; i++)
            fputs("\xE2\x96\x88", term->out);
    keel__term_reset(term);
    for (int i = event->end_ns > event->start_ns ? to : from + 1; i < width; i++)
        fputc(' ', term->out);
}

static void title(const struct keel__term *term, struct keel__tree *tree,
                  const struct keel_event *event, size_t index, int width)
{
    struct keel_slice text = keel_slice_of(keel__event_title(event));
    int left = width - keel__tree_branch(tree, term, index, width / 2);
    struct keel_slice fits = keel__term_fit(text, left);
    if (fits.size < text.size)
        fits = keel__term_fit(text, left - 1);
    left -= keel__term_columns(fits);
    keel__term_style(term, keel__event_style(event));
    keel__term_safe(term->out, fits);
    if (fits.size < text.size)
        left -= (fputs("\xE2\x80\xA6", term->out), 1);
    keel__term_reset(term);
    while (left-- > 0)
        fputc(' ', term->out);
}

static int waterfall(const struct keel__global *global, const struct keel_event *events,
                     size_t count)
{
    enum { TOOK = 9, GAPS = 3, UNKNOWN_WIDTH = 120, SMALLEST = 48 };
    struct keel__term term;
    struct span all = extent(events, count);
    keel__term_init(&term, global, stdout);
    int width = term.width ? term.width : UNKNOWN_WIDTH;
    if (width < SMALLEST)
        width = SMALLEST;
    int names = width * 2 / 5, bars = width - names - TOOK - GAPS;
    struct keel__tree *tree = keel__tree_new(events, count);
    if (!tree)
        return keel__fail_message("out of memory");
    for (size_t i = 0; i < count; i++) {
        char took[32];
        int64_t us = events[i].end_ns ? (events[i].end_ns - events[i].start_ns) / 1000 : -1;
        keel__human_duration(us, took);
        title(&term, tree, &events[i], i, names);
        printf(" %*s ", TOOK, took);
        bar(&term, &events[i], all, bars);
        fputc('\n', stdout);
    }
    keel__tree_free(tree);
    return KEEL__EXIT_OK;
}

struct listing {
    struct keel_uuid run_id;
    const struct keel_event *events;
};

static void shape(struct keel__json *json, const void *context, size_t i)
{
    const struct listing *listing = context;
    keel__shape_event(json, listing->run_id, &listing->events[i], KEEL__EVENT_TREE);
}

static int timeline(struct keel_store *store, const struct keel__global *global,
                    const struct own *own)
{
    struct keel_uuid id;
    struct keel_result result = {0};
    struct keel_error err = {0};
    struct keel_event *events;
    size_t count;
    bool more;
    int status = keel__run_named(store, own->words.word[0], &id);
    if (status)
        return status;
    if (keel_run_timeline(store, id, (size_t)own->limit, &events, &count, &more, &result, &err))
        status = keel__fail(&err);
    else if (global->json)
        status = keel__output_array(count, shape, &(struct listing){id, events});
    else if (!count)
        printf("This run has no events.\n");
    else
        status = waterfall(global, events, count);
    if (!status && more)
        keel__note(global, "There are more events: --limit N.");
    keel_result_free(&result);
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
    status = timeline(store, &global, &own);
    keel_store_close(store);
    return status;
}

const struct keel__command keel__cmd_timeline = {
    .name = "timeline",
    .args = "RUN",
    .summary = "Show a run as a waterfall: what ran when, under what, for how long",
    .details = "RUN is a run's id, a unique start of it, or its trace id.",
    .options = options,
    .parse = parse,
    .run = run,
};
