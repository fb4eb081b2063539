#include "cli/demo.h"

#include <sodium.h>

#include "base/json.h"

struct turn {
    const char *question;
    const char *order; /* looked up with a tool; NULL: answered at once */
    const char *found;
    const char *answer;
    const char *error; /* the model's provider refused; there is no answer */
};

static const struct turn turns[KEEL__DEMO_TURNS] = {
    {"Hello! Do you ship to Norway?", NULL, NULL,
     "Yes, we ship to Norway. Delivery takes 4 to 6 working days, and duties are included in the "
     "price.",
     NULL},
    {"Great. Where is my order 10482?", "10482",
     "{\"order\":\"10482\",\"status\":\"in transit\",\"carrier\":\"Bring\",\"eta\":\"Thursday\"}",
     "Your order 10482 is on its way with Bring and should arrive on Thursday.", NULL},
    {"And 10977?", "10977",
     "{\"order\":\"10977\",\"status\":\"cancelled\",\"refund\":\"3 days ago\"}",
     "Order 10977 was cancelled, and the refund was issued 3 days ago.", NULL},
    {"Please cancel all of my orders.", NULL, NULL, NULL,
     "429 Too Many Requests: rate limit reached for gpt-4o-mini"}};

static const char system_instructions[] =
    "[{\"type\":\"text\",\"content\":\"You are the support agent of a small shop. Look orders up "
    "before you speak of them. Be brief.\"}]";
static const char model[] = "gpt-4o-mini";
static const char snapshot[] = "gpt-4o-mini-2024-07-18";

struct writer {
    struct keel__json json;
    const char *session;
    char trace_id[33];
    char root[17];
    int64_t at_us; /* the clock of the story */
};

static void random_hex(char *out, size_t bytes)
{
    unsigned char raw[16];
    randombytes_buf(raw, bytes);
    sodium_bin2hex(out, bytes * 2 + 1, raw, bytes);
}

static void attribute(struct writer *w, const char *key, const char *text)
{
    keel__json_object_begin(&w->json);
    keel__json_add_cstr(&w->json, "key", key);
    keel__json_key(&w->json, "value");
    keel__json_object_begin(&w->json);
    keel__json_add_cstr(&w->json, "stringValue", text);
    keel__json_object_end(&w->json);
    keel__json_object_end(&w->json);
}

static void attribute_int(struct writer *w, const char *key, int64_t number)
{
    char text[24];
    snprintf(text, sizeof text, "%lld", (long long)number);
    keel__json_object_begin(&w->json);
    keel__json_add_cstr(&w->json, "key", key);
    keel__json_key(&w->json, "value");
    keel__json_object_begin(&w->json);
    keel__json_add_cstr(&w->json, "intValue", text);
    keel__json_object_end(&w->json);
    keel__json_object_end(&w->json);
}

static void nanoseconds(struct writer *w, const char *key, int64_t us)
{
    char text[24];
    snprintf(text, sizeof text, "%lld000", (long long)us);
    keel__json_add_cstr(&w->json, key, text);
}

static void span_begin(struct writer *w, const char *id, const char *parent, const char *name,
                       int64_t start_us, int64_t end_us)
{
    keel__json_object_begin(&w->json);
    keel__json_add_cstr(&w->json, "traceId", w->trace_id);
    keel__json_add_cstr(&w->json, "spanId", id);
    if (parent)
        keel__json_add_cstr(&w->json, "parentSpanId", parent);
    keel__json_add_cstr(&w->json, "name", name);
    keel__json_add_int(&w->json, "kind", 1);
    nanoseconds(w, "startTimeUnixNano", start_us);
    nanoseconds(w, "endTimeUnixNano", end_us);
    keel__json_key(&w->json, "attributes");
    keel__json_array_begin(&w->json);
    attribute(w, "gen_ai.conversation.id", w->session);
}

static void span_end(struct writer *w, const char *error)
{
    keel__json_array_end(&w->json);
    if (error) {
        keel__json_key(&w->json, "status");
        keel__json_object_begin(&w->json);
        keel__json_add_int(&w->json, "code", 2);
        keel__json_add_cstr(&w->json, "message", error);
        keel__json_object_end(&w->json);
    }
    keel__json_object_end(&w->json);
}

/* ---- messages, as gen_ai.input.messages has them: [{"role", "parts": [...]}] ---- */

static void message_begin(struct keel__json *json, const char *role)
{
    keel__json_object_begin(json);
    keel__json_add_cstr(json, "role", role);
    keel__json_key(json, "parts");
    keel__json_array_begin(json);
    keel__json_object_begin(json);
}

static void message_end(struct keel__json *json, const char *finish_reason)
{
    keel__json_object_end(json);
    keel__json_array_end(json);
    if (finish_reason)
        keel__json_add_cstr(json, "finish_reason", finish_reason);
    keel__json_object_end(json);
}

static void text_message(struct keel__json *json, const char *role, const char *text,
                         const char *finish_reason)
{
    message_begin(json, role);
    keel__json_add_cstr(json, "type", "text");
    keel__json_add_cstr(json, "content", text);
    message_end(json, finish_reason);
}

static void tool_call_message(struct keel__json *json, const struct turn *turn,
                              const char *finish_reason)
{
    char call[32];
    snprintf(call, sizeof call, "call_%s", turn->order);
    message_begin(json, "assistant");
    keel__json_add_cstr(json, "type", "tool_call");
    keel__json_add_cstr(json, "id", call);
    keel__json_add_cstr(json, "name", "look_up_order");
    keel__json_key(json, "arguments");
    keel__json_object_begin(json);
    keel__json_add_cstr(json, "order", turn->order);
    keel__json_object_end(json);
    message_end(json, finish_reason);
}

static void tool_result_message(struct keel__json *json, const struct turn *turn)
{
    char call[32];
    snprintf(call, sizeof call, "call_%s", turn->order);
    message_begin(json, "tool");
    keel__json_add_cstr(json, "type", "tool_call_response");
    keel__json_add_cstr(json, "id", call);
    keel__json_add_cstr(json, "response", turn->found);
    message_end(json, NULL);
}

/* All that was said before a model call: earlier turns, this question, and the tool's result if it
 * is in. */
static void history(struct keel__json *json, int turn, bool looked_up)
{
    keel__json_array_begin(json);
    for (int i = 0; i <= turn; i++) {
        bool past = i < turn;
        text_message(json, "user", turns[i].question, NULL);
        if (turns[i].order && (past || looked_up)) {
            tool_call_message(json, &turns[i], NULL);
            tool_result_message(json, &turns[i]);
        }
        if (past && turns[i].answer)
            text_message(json, "assistant", turns[i].answer, NULL);
    }
    keel__json_array_end(json);
}

static void messages(struct writer *w, const char *key, int turn, bool looked_up, bool output)
{
    struct keel__str text;
    struct keel__json json;
    keel__str_init(&text, 0);
    keel__json_init(&json, &text, false);
    if (!output) {
        history(&json, turn, looked_up);
    } else {
        keel__json_array_begin(&json);
        if (turns[turn].order && !looked_up)
            tool_call_message(&json, &turns[turn], "tool_calls");
        else
            text_message(&json, "assistant", turns[turn].answer, "stop");
        keel__json_array_end(&json);
    }
    if (text.data)
        attribute(w, key, text.data);
    w->json.out->failed |= text.failed;
    keel__str_fini(&text);
}

static void chat(struct writer *w, int turn, bool looked_up)
{
    const struct turn *t = &turns[turn];
    char id[17];
    int64_t start = w->at_us, input = 180 + 95 * turn + (looked_up ? 60 : 0);
    random_hex(id, 8);
    w->at_us += t->error ? 210000 : 900000 + (int64_t)randombytes_uniform(900000);
    span_begin(w, id, w->root, "chat gpt-4o-mini", start, w->at_us);
    attribute(w, "gen_ai.operation.name", "chat");
    attribute(w, "gen_ai.provider.name", "openai");
    attribute(w, "gen_ai.request.model", model);
    attribute(w, "gen_ai.system_instructions", system_instructions);
    messages(w, "gen_ai.input.messages", turn, looked_up, false);
    if (t->error) {
        attribute(w, "error.type", "RateLimitError");
        span_end(w, t->error);
        return;
    }
    attribute(w, "gen_ai.response.model", snapshot);
    attribute_int(w, "gen_ai.usage.input_tokens", input);
    attribute_int(w, "gen_ai.usage.output_tokens", t->order && !looked_up ? 19 : 34);
    if (turn > 1)
        attribute_int(w, "gen_ai.usage.cache_read.input_tokens", 128);
    messages(w, "gen_ai.output.messages", turn, looked_up, true);
    span_end(w, NULL);
}

static void tool(struct writer *w, const struct turn *turn)
{
    char id[17], call[32], arguments[64];
    int64_t start = w->at_us;
    random_hex(id, 8);
    snprintf(call, sizeof call, "call_%s", turn->order);
    snprintf(arguments, sizeof arguments, "{\"order\":\"%s\"}", turn->order);
    w->at_us += 80000 + (int64_t)randombytes_uniform(60000);
    span_begin(w, id, w->root, "execute_tool look_up_order", start, w->at_us);
    attribute(w, "gen_ai.operation.name", "execute_tool");
    attribute(w, "gen_ai.tool.name", "look_up_order");
    attribute(w, "gen_ai.tool.call.id", call);
    attribute(w, "gen_ai.tool.call.arguments", arguments);
    attribute(w, "gen_ai.tool.call.result", turn->found);
    span_end(w, NULL);
}

static void agent(struct writer *w, int turn, int64_t start_us)
{
    span_begin(w, w->root, NULL, "invoke_agent support", start_us, w->at_us);
    attribute(w, "gen_ai.operation.name", "invoke_agent");
    attribute(w, "gen_ai.agent.name", "support");
    span_end(w, turns[turn].error);
}

static void resource_begin(struct writer *w)
{
    keel__json_object_begin(&w->json);
    keel__json_key(&w->json, "resourceSpans");
    keel__json_array_begin(&w->json);
    keel__json_object_begin(&w->json);
    keel__json_key(&w->json, "resource");
    keel__json_object_begin(&w->json);
    keel__json_key(&w->json, "attributes");
    keel__json_array_begin(&w->json);
    attribute(w, "service.name", "keel-demo");
    keel__json_array_end(&w->json);
    keel__json_object_end(&w->json);
    keel__json_key(&w->json, "scopeSpans");
    keel__json_array_begin(&w->json);
    keel__json_object_begin(&w->json);
    keel__json_key(&w->json, "spans");
    keel__json_array_begin(&w->json);
}

static void resource_end(struct writer *w)
{
    keel__json_array_end(&w->json); /* spans */
    keel__json_object_end(&w->json);
    keel__json_array_end(&w->json); /* scopeSpans */
    keel__json_object_end(&w->json);
    keel__json_array_end(&w->json); /* resourceSpans */
    keel__json_object_end(&w->json);
}

void keel__demo_request(struct keel__str *out, int turn, const char *session, int64_t now_us,
                        struct keel__demo_run *run)
{
    enum { TURN_US = 20000000, WORK_US = 6000000 };
    struct writer w = {.session = session};
    int64_t start = now_us - (int64_t)(KEEL__DEMO_TURNS - 1 - turn) * TURN_US - WORK_US;
    keel__json_init(&w.json, out, false);
    random_hex(w.trace_id, 16);
    random_hex(w.root, 8);
    memcpy(run->trace_id, w.trace_id, sizeof run->trace_id);
    w.at_us = start + 2000;
    resource_begin(&w);
    chat(&w, turn, false);
    if (turns[turn].order) {
        tool(&w, &turns[turn]);
        chat(&w, turn, true);
    }
    w.at_us += 3000;
    agent(&w, turn, start); /* the parent ends last, and so is sent last */
    resource_end(&w);
}
