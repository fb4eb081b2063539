/*
 * store/batch.h - what one write transaction works on.
 *
 * keel__write_submits (write.c) takes items - records that were checked and hashed beforehand, by
 * item.c - and leads them through these steps, each a file:
 *
 *   write_runs.c      which run each belongs to: found through its alias, or new; locked
 *   write_events.c    one struct keel__event per span, versions merged; what the database has of it
 *   write_tree.c      parents, sequence numbers, usage_below
 *   write_llm.c       the model calls of events, merged, priced
 *   write_messages.c  their messages, as chains
 *   write_rows.c      INSERT and UPDATE of events
 *   write_status.c    what the records make of their runs
 *
 * Within a transaction all memory is the batch's arena, which the next attempt resets. Nothing
 * recurses over data, and nothing is remembered from one transaction to the next.
 */
#ifndef STORE_BATCH_H
#define STORE_BATCH_H

#include "store/content.h"
#include "store/event.h"
#include "store/item.h"
#include "store/llm.h"
#include "store/message.h"
#include "store/names.h"
#include "store/run.h"
#include "store/store.h"

struct keel__batch_run {
    struct keel__run_row row;
    struct keel__batch_run *same; /* another entry turned out to be this run: use that */
    char trace[33];               /* "" when it came by its id */
    bool is_new, by_id, changed;
    bool touched;                            /* events of it were completed */
    const struct keel__item *first;          /* its first record */
    const struct keel__item *session, *user; /* the first that names one */
    int64_t start_ns;                        /* the earliest start of its records, or 0 */
    bool has_root, has_span; /* among its records: a span without a parent; any span */
    struct keel__name *project_name, *session_name, *user_name; /* that it shall have, or NULL */
    struct keel__event *lead;    /* the root span of this batch that leads the run, or NULL */
    int64_t first_new, last_new; /* sequence numbers that this batch gave, or 0 */
};

/* A line for the status log. */
struct keel__status_change {
    struct keel__batch_run *run;
    int64_t sequence;
    enum keel_run_status status;
    struct keel_slice reason;
};

struct keel__batch {
    struct keel_store *store;
    struct keel_db *db;
    struct keel__arena *arena;
    int64_t now_us;
    struct keel__item **items;
    size_t item_count;
    struct keel__map runs_by_name;       /* trace id or run id */
    struct keel__list runs;              /* of struct keel__batch_run * */
    struct keel__map events_by_key;      /* scope: the run */
    struct keel__list events;            /* of struct keel__event *, in order of appearance */
    struct keel__map events_by_sequence; /* those that the database has */
    struct keel__list llms;              /* of struct keel__llm * */
    struct keel__list marked;            /* of struct keel__event *: stored, to get usage_below */
    struct keel__list parts;             /* of struct keel__part: to be inserted */
    struct keel__list status_changes;    /* of struct keel__status_change */
    struct keel__names projects, sessions, users, models;
    struct keel__contents contents;
    struct keel__chains chains;
};

/* The run that stands for this entry. */
static inline struct keel__batch_run *keel__batch_run_of(struct keel__batch_run *run)
{
    while (run->same)
        run = run->same;
    return run;
}

/* The project that a record names. */
struct keel_slice keel__item_project(const struct keel__item *item);

/* ---- the steps, in order --------------------------------------------------------------------- */

/* Groups items by run, finds the runs that exist and locks them. Items of a run id that does not
 * exist are refused. */
int keel__batch_find_runs(struct keel__batch *batch, struct keel_error *err);
/* Makes the events of the items. */
int keel__batch_make_events(struct keel__batch *batch, struct keel_error *err);
/* Projects, sessions, users; inserts the runs that are new. */
int keel__batch_open_runs(struct keel__batch *batch, struct keel_error *err);
/* Looks up which events the database has, and merges what it has of them. */
int keel__batch_find_events(struct keel__batch *batch, struct keel_error *err);
/* Parents, circles cut, sequence numbers. */
int keel__batch_link(struct keel__batch *batch, struct keel_error *err);
/* The model calls of the items, merged with what the database has of them. */
int keel__batch_make_llms(struct keel__batch *batch, struct keel_error *err);
/* Their messages. */
int keel__batch_make_messages(struct keel__batch *batch, struct keel_error *err);
/* usage_below. */
int keel__batch_mark_usage(struct keel__batch *batch, struct keel_error *err);
/* Contents, messages, events, model calls. */
int keel__batch_write_rows(struct keel__batch *batch, struct keel_error *err);
/* What this batch makes of a run's status, names and times, in run->row. For a new run before it
 * is inserted, for others after the events are written. */
int keel__batch_follow_run(struct keel__batch *batch, struct keel__batch_run *run,
                           struct keel_error *err);
/* What became of each item. */
void keel__batch_set_outcomes(struct keel__batch *batch);
/* Names, times and status of the runs that were there before; the status log of all. */
int keel__batch_close_runs(struct keel__batch *batch, struct keel_error *err);

/* ---- all of them ----------------------------------------------------------------------------- */

/* Writes the items of submits that were not refused, in one transaction; their outcomes say what
 * became of each. careful: when the database refuses the data, look for the items it refuses and
 * store the others (costs savepoints); otherwise CONSTRAINT or INVALID fails all. Tells the store's
 * observer after the commit. */
int keel__write_submits(struct keel_store *store, struct keel__submit **submits, size_t count,
                        bool careful, struct keel_error *err);
/* An error about the data, not about the database or the moment. */
bool keel__is_data_error(int code);

#endif
