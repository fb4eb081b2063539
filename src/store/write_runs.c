/* Which run each item belongs to, and what the items make of it. */
#include "base/hex.h"
#include "keel_sql_store.h"
#include "store/batch.h"

#include <stdio.h>
#include <stdlib.h>

/* ---- finding --------------------------------------------------------------------------------- */

static struct keel_slice uuid_slice(const struct keel_uuid *uuid)
{
    return keel_slice((const char *)uuid->bytes, sizeof uuid->bytes);
}

enum { BY_TRACE, BY_ID, RESOLVED };

static struct keel__batch_run *run_of(struct keel__batch *batch, const struct keel_record *record)
{
    struct keel_slice name = record->has_run_id ? uuid_slice(&record->run_id)
                                                : keel_slice((const char *)record->trace_id, 16);
    void **place = keel__map_at(&batch->runs_by_name, record->has_run_id ? BY_ID : BY_TRACE, name);
    if (!place || *place)
        return place ? *place : NULL;
    struct keel__batch_run *run = keel__arena_calloc(batch->arena, 1, sizeof *run);
    struct keel__batch_run **item = run ? keel__list_add(&batch->runs, batch->arena) : NULL;
    if (!item)
        return NULL;
    *place = *item = run;
    run->by_id = record->has_run_id;
    if (run->by_id) {
        run->row.id = record->run_id;
    } else {
        keel__hex_encode(run->trace, record->trace_id, 16);
        run->trace[32] = '\0';
    }
    return run;
}

/* What a record says of its run beside its event. */
static void take_item(struct keel__batch_run *run, const struct keel__item *item)
{
    const struct keel_record *record = item->record;
    if (!run->first)
        run->first = item;
    if (!run->session && record->session_id.size)
        run->session = item;
    if (!run->user && record->user_id.size)
        run->user = item;
    if (record->start_ns > 0 && (!run->start_ns || record->start_ns < run->start_ns))
        run->start_ns = record->start_ns;
    run->has_span |= record->is_span;
    run->has_root |= record->is_span && record->parent_key.size == 0;
}

static int group(struct keel__batch *batch, struct keel_error *err)
{
    for (size_t i = 0; i < batch->item_count; i++) {
        struct keel__item *item = batch->items[i];
        item->run = run_of(batch, item->record);
        if (!item->run)
            return keel__arena_error(batch->arena, err);
        take_item(item->run, item);
    }
    return 0;
}

struct traces {
    struct keel__batch_run **runs;
    struct keel_value *values;
    size_t count;
};

static int take_trace(void *context, size_t index, const struct keel_row *row,
                      struct keel_error *err)
{
    (void)err;
    struct keel__batch_run *run = ((struct traces *)context)->runs[index];
    run->row.id = keel_row_uuid(row, 0);
    run->is_new = false;
    return 0;
}

/* A time prefix that makes sense: a run of 1970 or of next year goes by when it arrived. */
static struct keel_uuid new_id(const struct keel__batch *batch, const struct keel__batch_run *run)
{
    const int64_t day_us = INT64_C(86400) * 1000000, year_2000_us = INT64_C(946684800) * 1000000;
    int64_t start_us = run->start_ns / 1000;
    bool sane = start_us > year_2000_us && start_us < batch->now_us + day_us;
    return sane ? keel_uuid_at(start_us) : keel_uuid_new();
}

static int find_traces(struct keel__batch *batch, struct keel_error *err)
{
    struct keel__batch_run **runs = batch->runs.items;
    struct traces traces = {
        .runs = keel__arena_calloc(batch->arena, batch->runs.count, sizeof *runs),
        .values = keel__arena_calloc(batch->arena, batch->runs.count, sizeof *traces.values)};
    if (!traces.runs || !traces.values)
        return keel__arena_error(batch->arena, err);
    for (size_t i = 0; i < batch->runs.count; i++) {
        if (runs[i]->by_id)
            continue;
        runs[i]->is_new = true;
        traces.runs[traces.count] = runs[i];
        traces.values[traces.count++] = keel_cstr(runs[i]->trace);
    }
    if (traces.count == 0)
        return 0;
    int code = keel_db_batch_each(batch->db, &keel_q_run_find_trace, traces.values, traces.count,
                                  take_trace, &traces, err);
    for (size_t i = 0; i < traces.count; i++)
        if (traces.runs[i]->is_new)
            traces.runs[i]->row.id = new_id(batch, traces.runs[i]);
    return code;
}

/* A trace and a run id may name the same run. */
static int unify(struct keel__batch *batch, struct keel_error *err)
{
    struct keel__batch_run **runs = batch->runs.items;
    for (size_t i = 0; i < batch->runs.count; i++) {
        void **place = keel__map_at(&batch->runs_by_name, RESOLVED, uuid_slice(&runs[i]->row.id));
        if (!place)
            return keel__arena_error(batch->arena, err);
        if (*place)
            runs[i]->same = *place;
        else
            *place = runs[i];
    }
    for (size_t i = 0; i < batch->item_count; i++) {
        struct keel__batch_run *run = batch->items[i]->run;
        if (!run->same)
            continue;
        batch->items[i]->run = keel__batch_run_of(run);
        take_item(batch->items[i]->run, batch->items[i]);
    }
    return 0;
}

static int by_id(const void *a, const void *b)
{
    const struct keel__batch_run *x = *(struct keel__batch_run *const *)a;
    const struct keel__batch_run *y = *(struct keel__batch_run *const *)b;
    return memcmp(x->row.id.bytes, y->row.id.bytes, sizeof x->row.id.bytes);
}

static int lock(struct keel__batch *batch, struct keel_error *err)
{
    struct keel__batch_run **runs = batch->runs.items;
    struct keel__run_row **rows = keel__arena_calloc(batch->arena, batch->runs.count, sizeof *rows);
    size_t count = 0;
    if (!rows)
        return keel__arena_error(batch->arena, err);
    qsort(runs, batch->runs.count, sizeof *runs, by_id);
    for (size_t i = 0; i < batch->runs.count; i++)
        if (!runs[i]->is_new && !runs[i]->same)
            rows[count++] = &runs[i]->row;
    int code = count ? keel__runs_lock(batch->db, batch->arena, rows, count, err) : 0;
    for (size_t i = 0; i < batch->runs.count && code == 0; i++)
        if (!runs[i]->is_new && !runs[i]->same && !runs[i]->row.found && !runs[i]->by_id)
            code = keel_error_set(err, KEEL_BUSY, "a run has just been deleted");
    return code;
}

/* Takes the items of runs that do not exist out of the batch. */
static void refuse_unknown(struct keel__batch *batch)
{
    size_t kept = 0;
    for (size_t i = 0; i < batch->item_count; i++) {
        struct keel__item *item = batch->items[i];
        if (item->run->is_new || item->run->row.found) {
            batch->items[kept++] = item;
            continue;
        }
        char id[37], reason[80];
        keel_uuid_format(item->run->row.id, id);
        snprintf(reason, sizeof reason, "there is no run %s", id);
        keel__item_reject(item, reason);
    }
    batch->item_count = kept;
}

int keel__batch_find_runs(struct keel__batch *batch, struct keel_error *err)
{
    int code = group(batch, err);
    if (code == 0)
        code = find_traces(batch, err);
    if (code == 0)
        code = unify(batch, err);
    if (code == 0)
        code = lock(batch, err);
    if (code == 0)
        refuse_unknown(batch);
    return code;
}

/* ---- opening --------------------------------------------------------------------------------- */

struct keel_slice keel__item_project(const struct keel__item *item)
{
    struct keel_slice project = item->record->project;
    return project.size ? project : keel_slice_of("unknown_service");
}

/* The earliest root span of the batch, among events of the run. */
static void choose_leads(struct keel__batch *batch)
{
    struct keel__event **events = batch->events.items;
    for (size_t i = 0; i < batch->events.count; i++) {
        struct keel__event *event = events[i], *lead = event->run->lead;
        if (!event->said || !event->is_span || event->parent_key.size)
            continue;
        int64_t start = event->data.start_ns ? event->data.start_ns : INT64_MAX;
        int64_t first = lead && lead->data.start_ns ? lead->data.start_ns : INT64_MAX;
        int order = !lead || start < first ? -1 : start > first;
        if (order == 0)
            order = memcmp(event->key.data, lead->key.data,
                           event->key.size < lead->key.size ? event->key.size : lead->key.size);
        if (order < 0)
            event->run->lead = event;
    }
}

static bool of_otlp(const struct keel__batch_run *run)
{
    return run->is_new || run->row.origin == KEEL__ORIGIN_OTLP;
}

/* The names a run shall have. Its root span's come first; what the API created keeps its own. */
static int name_runs(struct keel__batch *batch, struct keel_error *err)
{
    struct keel__batch_run **runs = batch->runs.items;
    for (size_t i = 0; i < batch->item_count; i++) {
        struct keel__item *item = batch->items[i];
        if (!item->run->lead || item->event != item->run->lead)
            continue;
        item->run->first = item;
        if (item->record->session_id.size)
            item->run->session = item;
        if (item->record->user_id.size)
            item->run->user = item;
    }
    for (size_t i = 0; i < batch->runs.count; i++) {
        struct keel__batch_run *run = runs[i];
        if (run->same || !run->first || !(run->is_new || run->row.found))
            continue;
        bool wants_project = run->is_new || (run->lead && of_otlp(run));
        if (wants_project)
            run->project_name =
                keel__names_add(&batch->projects, keel_null(), keel__item_project(run->first));
        if (run->user)
            run->user_name =
                keel__names_add(&batch->users, keel_null(), run->user->record->user_id);
        if ((wants_project && !run->project_name) || (run->user && !run->user_name))
            return keel__arena_error(batch->arena, err);
    }
    return 0;
}

/* The project under which a record's session stands: of a run that the API made, that run's. */
static struct keel__name *session_project(struct keel__batch *batch, const struct keel__item *item)
{
    return keel__names_add(&batch->projects, keel_null(), keel__item_project(item));
}

static int name_session(struct keel__batch *batch, struct keel__item *item, struct keel_error *err)
{
    int64_t project_id = item->run->row.project_id;
    if (of_otlp(item->run)) {
        struct keel__name *project = session_project(batch, item);
        if (!project)
            return keel__arena_error(batch->arena, err);
        project_id = project->id;
    }
    item->session =
        keel__names_add(&batch->sessions, keel_int(project_id), item->record->session_id);
    if (!item->session)
        return keel__arena_error(batch->arena, err);
    if (item->run->session == item)
        item->run->session_name = item->session;
    return 0;
}

static int name_sessions(struct keel__batch *batch, struct keel_error *err)
{
    for (size_t i = 0; i < batch->item_count; i++) {
        struct keel__item *item = batch->items[i];
        if (item->record->session_id.size && of_otlp(item->run) && !session_project(batch, item))
            return keel__arena_error(batch->arena, err);
    }
    int code = keel__names_resolve(&batch->projects, batch->db, batch->now_us, err);
    for (size_t i = 0; i < batch->item_count && code == 0; i++)
        if (batch->items[i]->record->session_id.size)
            code = name_session(batch, batch->items[i], err);
    return code;
}

static const char *kind_of(const struct keel__event *lead)
{
    return !lead || lead->data.kind == KEEL_EVENT_SPAN ? "run"
                                                       : keel_event_kind_name(lead->data.kind);
}

static void settle_new(struct keel__batch *batch, struct keel__batch_run *run)
{
    struct keel__run_row *row = &run->row;
    const struct keel__event *lead = run->lead;
    row->origin = KEEL__ORIGIN_OTLP;
    row->project_id = run->project_name->id;
    row->session_id = run->session_name ? run->session_name->id : 0;
    row->user_id = run->user_name ? run->user_name->id : 0;
    row->status = KEEL_RUN_IN_PROGRESS;
    row->kind = keel_slice_of(kind_of(lead));
    if (lead)
        row->name = lead->data.name;
    row->started_at = (lead && lead->data.start_ns ? lead->data.start_ns : run->start_ns) / 1000;
    if (!row->started_at)
        row->started_at = batch->now_us;
}

static void bind_run(struct keel_value *param, const struct keel__run_row *row, int64_t now_us)
{
    param[0] = keel_uuid_value(row->id);
    param[1] = keel_int(row->project_id);
    param[2] = keel_null();
    param[3] = keel__key_or_null(row->session_id);
    param[4] = keel__key_or_null(row->user_id);
    param[5] = keel_cstr("otlp");
    param[6] = keel_text(row->name);
    param[7] = keel_text(row->kind);
    param[8] = keel_cstr(keel_run_status_name(row->status));
    param[9] = keel_null();
    param[10] = keel_time(now_us);
    param[11] = keel__time_or_null(row->started_at);
    param[12] = keel__time_or_null(row->ended_at);
}

static int by_trace(const void *a, const void *b)
{
    return strcmp((*(struct keel__batch_run *const *)a)->trace,
                  (*(struct keel__batch_run *const *)b)->trace);
}

/* New runs with their aliases, in order of their traces. Another writer may have got there first:
 * then all begins again. */
static int insert_new(struct keel__batch *batch, struct keel__batch_run **runs, size_t count,
                      struct keel_error *err)
{
    enum { RUN_WIDTH = 13, ALIAS_WIDTH = 4 };
    struct keel_value *rows = keel__arena_calloc(batch->arena, count * RUN_WIDTH, sizeof *rows);
    struct keel_value *aliases =
        keel__arena_calloc(batch->arena, count * ALIAS_WIDTH, sizeof *aliases);
    int64_t inserted = 0;
    if (!rows || !aliases)
        return keel__arena_error(batch->arena, err);
    for (size_t i = 0; i < count; i++) {
        struct keel_value *alias = aliases + i * ALIAS_WIDTH;
        bind_run(rows + i * RUN_WIDTH, &runs[i]->row, batch->now_us);
        alias[0] = keel_cstr("trace");
        alias[1] = keel_null();
        alias[2] = keel_cstr(runs[i]->trace);
        alias[3] = keel_uuid_value(runs[i]->row.id);
    }
    int code = keel_db_batch(batch->db, &keel_q_run_insert, rows, count, NULL, err);
    if (code == 0)
        code = keel_db_batch(batch->db, &keel_q_run_alias_insert, aliases, count, &inserted, err);
    if (code == 0 && inserted != (int64_t)count)
        code = keel_error_set(err, KEEL_BUSY, "another writer is creating the run of a trace");
    return code;
}

int keel__batch_open_runs(struct keel__batch *batch, struct keel_error *err)
{
    struct keel__batch_run **all = batch->runs.items, **runs;
    size_t count = 0;
    choose_leads(batch);
    int code = name_runs(batch, err);
    if (code == 0)
        code = name_sessions(batch, err);
    if (code == 0)
        code = keel__names_resolve(&batch->users, batch->db, batch->now_us, err);
    if (code == 0)
        code = keel__names_resolve(&batch->sessions, batch->db, batch->now_us, err);
    if (code)
        return code;
    runs = keel__arena_calloc(batch->arena, batch->runs.count, sizeof *runs);
    if (!runs)
        return keel__arena_error(batch->arena, err);
    for (size_t i = 0; i < batch->runs.count && code == 0; i++) {
        if (!all[i]->is_new)
            continue;
        settle_new(batch, all[i]);
        runs[count++] = all[i];
        code = keel__batch_follow_run(batch, all[i], err);
    }
    if (code || count == 0)
        return code;
    qsort(runs, count, sizeof *runs, by_trace);
    return insert_new(batch, runs, count, err);
}
