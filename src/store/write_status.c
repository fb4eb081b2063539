/* What the records of a batch make of the status, the names and the times of their runs. */
#include "keel_sql_store.h"
#include "store/batch.h"

static const char actor[] = "otlp";

/* The root span that leads a run, as it is stored after this batch. */
struct lead {
    bool found, is_ours; /* is_ours: it is run->lead, so this batch knows its project */
    struct keel_slice name, status_message;
    enum keel_event_kind kind;
    enum keel_event_status status;
    int64_t started_at, ended_at;
};

static void lead_of_new(const struct keel__batch_run *run, struct lead *lead)
{
    const struct keel__event_data *data = &run->lead->data;
    *lead = (struct lead){.found = true,
                          .is_ours = true,
                          .name = data->name,
                          .status_message = data->status_message,
                          .kind = data->kind,
                          .status = data->status,
                          .started_at = data->start_ns / 1000,
                          .ended_at = data->end_ns / 1000};
}

static int read_lead(struct keel__batch *batch, const struct keel__batch_run *run,
                     struct lead *lead, struct keel_error *err)
{
    const struct keel_row *row;
    memset(lead, 0, sizeof *lead);
    int code = keel_db_maybe(batch->db, &keel_q_run_lead, KEEL_PARAMS(keel_uuid_value(run->row.id)),
                             &row, err);
    if (code || !row)
        return code;
    struct keel_slice key = keel_row_text(row, 0);
    lead->found = true;
    lead->is_ours = run->lead && run->lead->key.size == key.size &&
                    memcmp(run->lead->key.data, key.data, key.size) == 0;
    lead->name = keel__arena_slice(batch->arena, keel_row_text(row, 1));
    keel_event_kind_parse(keel_row_text(row, 2), &lead->kind);
    keel_event_status_parse(keel_row_text(row, 3), &lead->status);
    lead->status_message = keel__arena_slice(batch->arena, keel_row_text(row, 4));
    lead->started_at = keel_row_time(row, 5);
    lead->ended_at = keel_row_time(row, 7);
    return lead->name.data ? 0 : keel__arena_error(batch->arena, err);
}

static int log_status(struct keel__batch *batch, struct keel__batch_run *run,
                      struct keel_slice reason, struct keel_error *err)
{
    struct keel__status_change *change = keel__list_add(&batch->status_changes, batch->arena);
    if (!change)
        return keel__arena_error(batch->arena, err);
    *change = (struct keel__status_change){run, ++run->row.last_status, run->row.status, reason};
    return 0;
}

/* A change of status that a span brings. A run whose worktree is taken by another waits on. */
static int change_status(struct keel__batch *batch, struct keel__batch_run *run,
                         enum keel_run_status to, struct keel_slice reason, struct keel_error *err)
{
    struct keel__run_row *row = &run->row;
    if (!keel_run_transition_legal(row->status, to))
        return 0;
    int code = keel__run_settle_claim(batch->db, row, row->status, to, actor, batch->now_us, err);
    if (code)
        return code == KEEL_CONFLICT ? 0 : code;
    row->status = to;
    run->changed = true;
    return log_status(batch, run, reason, err);
}

static void set_text(struct keel__batch_run *run, struct keel_slice *text, struct keel_slice value)
{
    if (text->size == value.size && text->data && value.data &&
        memcmp(text->data, value.data, value.size) == 0)
        return;
    *text = value;
    run->changed = true;
}

static void set_int(struct keel__batch_run *run, int64_t *field, int64_t value)
{
    if (value == 0 || *field == value)
        return;
    *field = value;
    run->changed = true;
}

/* What the root span says of a run that OTLP made. */
static void follow_lead(struct keel__batch_run *run, const struct lead *lead)
{
    struct keel__run_row *row = &run->row;
    set_text(run, &row->name, lead->name);
    if (lead->kind != KEEL_EVENT_SPAN)
        set_text(run, &row->kind, keel_slice_of(keel_event_kind_name(lead->kind)));
    set_int(run, &row->started_at, lead->started_at);
    if (lead->is_ours)
        set_int(run, &row->project_id, run->project_name->id);
    if (lead->is_ours && run->session && run->session->event == run->lead)
        set_int(run, &row->session_id, run->session_name->id);
    if (lead->is_ours && run->user && run->user->event == run->lead)
        set_int(run, &row->user_id, run->user_name->id);
}

static int end_with_lead(struct keel__batch *batch, struct keel__batch_run *run,
                         const struct lead *lead, struct keel_error *err)
{
    bool failed = lead->status == KEEL_STATUS_ERROR;
    if (!lead->ended_at)
        return 0;
    int code = change_status(batch, run, failed ? KEEL_RUN_FAILED : KEEL_RUN_COMPLETED,
                             failed ? lead->status_message : keel_slice(NULL, 0), err);
    if (code == 0 && run->row.status >= KEEL_RUN_COMPLETED &&
        (run->row.origin == KEEL__ORIGIN_OTLP || !run->row.ended_at))
        set_int(run, &run->row.ended_at, lead->ended_at);
    return code;
}

int keel__batch_follow_run(struct keel__batch *batch, struct keel__batch_run *run,
                           struct keel_error *err)
{
    struct keel__run_row *row = &run->row;
    struct lead lead = {0};
    int code = 0;
    if (run->is_new)
        code = log_status(batch, run, keel_slice(NULL, 0), err);
    if (code == 0 && row->status == KEEL_RUN_PENDING && run->has_span) {
        code = change_status(batch, run, KEEL_RUN_IN_PROGRESS, keel_slice(NULL, 0), err);
        if (code == 0 && row->status == KEEL_RUN_IN_PROGRESS && !row->started_at)
            set_int(run, &row->started_at, run->start_ns ? run->start_ns / 1000 : batch->now_us);
    }
    if (code == 0 && run->has_root && run->is_new && run->lead)
        lead_of_new(run, &lead);
    else if (code == 0 && run->has_root)
        code = read_lead(batch, run, &lead, err);
    if (code)
        return code;
    if (row->origin == KEEL__ORIGIN_OTLP && lead.found)
        follow_lead(run, &lead);
    else if (row->origin == KEEL__ORIGIN_OTLP && !row->name.data && run->start_ns &&
             run->start_ns / 1000 < row->started_at)
        set_int(run, &row->started_at, run->start_ns / 1000);
    if (!row->session_id && run->session_name)
        set_int(run, &row->session_id, run->session_name->id);
    if (!row->user_id && run->user_name)
        set_int(run, &row->user_id, run->user_name->id);
    return lead.found ? end_with_lead(batch, run, &lead, err) : 0;
}

static int write_log(struct keel__batch *batch, struct keel_error *err)
{
    enum { WIDTH = 6 };
    const struct keel__status_change *changes = batch->status_changes.items;
    size_t count = batch->status_changes.count;
    if (count == 0)
        return 0;
    struct keel_value *params = keel__arena_calloc(batch->arena, count * WIDTH, sizeof *params);
    if (!params)
        return keel__arena_error(batch->arena, err);
    for (size_t i = 0; i < count; i++) {
        struct keel_value *param = params + i * WIDTH;
        param[0] = keel_uuid_value(changes[i].run->row.id);
        param[1] = keel_int(changes[i].sequence);
        param[2] = keel_cstr(keel_run_status_name(changes[i].status));
        param[3] = keel_text(changes[i].reason);
        param[4] = keel_cstr(actor);
        param[5] = keel_time(batch->now_us);
    }
    return keel_db_batch(batch->db, &keel_q_run_status_insert, params, count, NULL, err);
}

int keel__batch_close_runs(struct keel__batch *batch, struct keel_error *err)
{
    struct keel__batch_run **runs = batch->runs.items;
    struct keel__run_row **changed =
        keel__arena_calloc(batch->arena, batch->runs.count, sizeof *changed);
    size_t count = 0;
    int code = changed ? 0 : keel__arena_error(batch->arena, err);
    for (size_t i = 0; i < batch->runs.count && code == 0; i++) {
        if (runs[i]->same || !runs[i]->row.found)
            continue;
        code = keel__batch_follow_run(batch, runs[i], err);
        if (runs[i]->changed)
            changed[count++] = &runs[i]->row;
    }
    if (code == 0 && count)
        code = keel__runs_update(batch->db, batch->arena, changed, count, err);
    return code ? code : write_log(batch, err);
}
