/* Records a run of a small pipeline, reads it back, and says what it cost.
 *
 *     cc record_run.c $(pkg-config --cflags --libs keel) && ./a.out [DATABASE]
 */
#include <keel/keel.h>

#include <inttypes.h>
#include <stdio.h>

/* clang-format off */
static int record(struct keel_store *store, struct keel_uuid *run, struct keel_error *err)
{
    const struct keel_message said[] = {
        {keel_slice_of("user"), keel_slice_of("Summarise this page."), KEEL_MESSAGE_TEXT},
        {keel_slice_of("assistant"), keel_slice_of("It says hello."), KEEL_MESSAGE_TEXT}};
    const struct keel_llm_record call = {
        .provider = keel_slice_of("openai"), .request_model = keel_slice_of("gpt-4o"),
        .input_tokens = 1200, .output_tokens = 80, .cache_read_tokens = 1000,
        .cache_creation_tokens = KEEL_TOKENS_UNKNOWN, .reasoning_tokens = KEEL_TOKENS_UNKNOWN,
        .input_messages = &said[0], .input_message_count = 1,
        .output_messages = &said[1], .output_message_count = 1};
    const struct keel_run_new wanted = {
        .project = "reader", .name = "summarise", .status = KEEL_RUN_IN_PROGRESS};
    int code = keel_run_create(store, &wanted, run, NULL, err);
    if (code)
        return code;
    int64_t now_ns = keel_time_now_us() * 1000;
    const struct keel_record events[] = {
        {.has_run_id = true, .run_id = *run, .event_key = keel_slice_of("id:step"),
         .kind = KEEL_EVENT_AGENT, .name = keel_slice_of("summarise"), .status = KEEL_STATUS_OK,
         .start_ns = now_ns, .end_ns = now_ns + 900000000},
        {.has_run_id = true, .run_id = *run, .event_key = keel_slice_of("id:chat"),
         .parent_key = keel_slice_of("id:step"), .kind = KEEL_EVENT_LLM,
         .name = keel_slice_of("chat gpt-4o"), .status = KEEL_STATUS_OK, .llm = &call,
         .start_ns = now_ns, .end_ns = now_ns + 800000000}};
    struct keel_write_result written; /* what was new, completed, known already, or refused */
    code = keel_store_write(store, events, 2, &written, err);
    return code ? code : keel_run_set_status(store, *run, KEEL_RUN_COMPLETED, NULL, "demo", err);
}

/* clang-format on */
int main(int argc, char **argv)
{
    struct keel_store *store = NULL;
    struct keel_result result = {0};
    struct keel_error err;
    struct keel_uuid id;
    struct keel_run run;
    int code = keel_store_open(&store, keel_db_default_url(argc > 1 ? argv[1] : NULL), NULL, &err);
    if (code == 0)
        code = record(store, &id, &err);
    if (code == 0)
        code = keel_run_get(store, id, &run, &result, &err);
    if (code == 0) {
        char cost[24];
        keel_money_format(run.cost_nusd, cost);
        printf("%s %s: %" PRId64 " events, %" PRId64 " tokens in, %" PRId64 " out, $%s\n", run.name,
               keel_run_status_name(run.status), run.event_count, run.input_tokens,
               run.output_tokens, cost);
    } else {
        fprintf(stderr, "record_run: %s\n", err.message);
    }
    keel_result_free(&result);
    keel_store_close(store);
    return code ? 1 : 0;
}
