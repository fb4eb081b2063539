#include "ingest/map.h"

#include "ingest/words.h"

/* What a span is, from the dialects it speaks; the most telling one first. */
struct nature {
    enum keel_event_kind kind;
    struct keel_slice operation;
};

static bool said(struct keel__mapper *mapper, const struct keel__slots *slots,
                 enum keel__field field, struct keel_slice *word)
{
    *word = keel__attribute_text(mapper, slots->best[field]);
    return word->size > 0;
}

/* An attribute is repeated in the record's attributes unless kind and operation say all that it
 * does. */
static struct nature nature_of(struct keel__mapper *mapper, struct keel__slots *slots,
                               const struct keel__span_facts *facts)
{
    struct nature nature = {.kind = KEEL_EVENT_SPAN};
    struct keel_slice word;
    if (said(mapper, slots, KEEL__F_AI_OPERATION, &word) &&
        keel__kind_of_ai_operation(word, &nature.kind, &nature.operation)) {
        if (keel__slice_equal(word, facts->name))
            keel__slot_take(slots, KEEL__F_AI_OPERATION);
        return nature;
    }
    if (said(mapper, slots, KEEL__F_OPERATION, &word) &&
        keel__kind_of_operation(word, &nature.kind, &nature.operation)) {
        if (nature.operation.data || nature.kind == KEEL_EVENT_TOOL)
            keel__slot_take(slots, KEEL__F_OPERATION);
        return nature;
    }
    if (said(mapper, slots, KEEL__F_OI_KIND, &word) &&
        keel__kind_of_openinference(word, &nature.kind, &nature.operation)) {
        keel__slot_take(slots, KEEL__F_OI_KIND);
        return nature;
    }
    if (said(mapper, slots, KEEL__F_TL_KIND, &word) &&
        keel__kind_of_traceloop(word, &nature.kind)) {
        if (nature.kind != KEEL_EVENT_SPAN)
            keel__slot_take(slots, KEEL__F_TL_KIND);
        return nature;
    }
    if (slots->best[KEEL__F_REQUEST_MODEL] || slots->best[KEEL__F_INPUT_TOKENS]) {
        nature.kind = KEEL_EVENT_LLM;
        nature.operation = keel_slice_of("chat");
    } else if (slots->best[KEEL__F_TOOL_NAME]) {
        nature.kind = KEEL_EVENT_TOOL;
    }
    return nature;
}

/* The AI SDK 7 has two spans of the same name around each other; only the inner one is the call,
 * and has its tokens. */
static bool is_outer_embedding(const struct keel__slots *slots,
                               const struct keel__span_facts *facts)
{
    return keel__slice_is(facts->scope_name, "gen_ai") && !facts->failed &&
           !slots->best[KEEL__F_INPUT_TOKENS];
}

static void read_owner(struct keel__mapper *mapper, struct keel__slots *slots,
                       struct keel_record *record)
{
    struct keel_slice session = keel__slot_name(mapper, slots, KEEL__F_SESSION);
    struct keel_slice user = keel__slot_name(mapper, slots, KEEL__F_USER);
    if (session.data)
        record->session_id = session;
    if (user.data)
        record->user_id = user;
    record->agent_name = keel__slot_name(mapper, slots, KEEL__F_AGENT);
    record->tool_call_id = keel__slot_name(mapper, slots, KEEL__F_TOOL_CALL_ID);
    record->tool_name = keel__slot_name(mapper, slots, KEEL__F_TOOL_NAME);
}

/* OpenLLMetry names the entity, OpenInference often only the span. */
static void read_names(struct keel__mapper *mapper, struct keel__slots *slots,
                       const struct keel__span_facts *facts, struct keel_record *record)
{
    struct keel_slice *name = record->kind == KEEL_EVENT_AGENT  ? &record->agent_name
                              : record->kind == KEEL_EVENT_TOOL ? &record->tool_name
                                                                : NULL;
    if (!name)
        return;
    struct keel_slice entity = keel__attribute_text(mapper, slots->best[KEEL__F_ENTITY]);
    if (!name->data)
        *name = keel__slot_name(mapper, slots, KEEL__F_ENTITY);
    else if (keel__slice_equal(*name, entity))
        keel__slot_take(slots, KEEL__F_ENTITY);
    if (!name->data && slots->best[KEEL__F_OI_KIND] && facts->name.size > 0 &&
        facts->name.size <= KEEL__NAME_MAX_BYTES)
        *name = facts->name;
}

/* The text of a field; canonical JSON where it is structured. Empty says nothing. */
static struct keel_slice payload(struct keel__mapper *mapper, struct keel__slots *slots,
                                 enum keel__field field)
{
    struct keel_slice text = keel__slot_text(mapper, slots, field);
    return text.size ? text : keel_slice(NULL, 0);
}

static void read_payloads(struct keel__mapper *mapper, struct keel__slots *slots,
                          struct keel_record *record)
{
    record->input = payload(mapper, slots, KEEL__F_INPUT);
    record->output = payload(mapper, slots, KEEL__F_OUTPUT);
    if (record->input.data)
        keel__slot_take(slots, KEEL__F_INPUT_TYPE);
    if (record->output.data)
        keel__slot_take(slots, KEEL__F_OUTPUT_TYPE);
    if (!record->input.data)
        record->input = payload(mapper, slots, KEEL__F_AI_PROMPT);
    static const enum keel__field answers[] = {KEEL__F_AI_TEXT, KEEL__F_AI_OBJECT,
                                               KEEL__F_AI_TOOL_CALLS};
    for (size_t i = 0; !record->output.data && i < sizeof answers / sizeof answers[0]; i++)
        record->output = payload(mapper, slots, answers[i]);
}

/* Messages of a span that is no model call are what it was given and gave back. */
static void read_messages(struct keel__mapper *mapper, struct keel__slots *slots,
                          const struct keel__span_facts *facts, struct keel_record *record)
{
    if (!slots->best[KEEL__F_INPUT_MESSAGES] && !slots->best[KEEL__F_OUTPUT_MESSAGES] &&
        !slots->best[KEEL__F_SYSTEM_INSTRUCTIONS] && facts->message_event_count == 0)
        return;
    /* The pieces of an AI SDK answer are in the output already. */
    struct keel__slots only = *slots;
    only.best[KEEL__F_AI_TEXT] = only.best[KEEL__F_AI_REASONING] = NULL;
    only.best[KEEL__F_AI_TOOL_CALLS] = only.best[KEEL__F_AI_OBJECT] = NULL;
    struct keel__span_messages messages =
        keel__span_messages_read(mapper, &only, facts->message_events, facts->message_event_count);
    if (!record->input.data)
        record->input = keel__messages_json(mapper, &messages.input);
    if (!record->output.data)
        record->output = keel__messages_json(mapper, &messages.output);
}

static void read_call(struct keel__mapper *mapper, struct keel__slots *slots,
                      const struct keel__span_facts *facts, struct keel_slice operation,
                      struct keel_record *record)
{
    struct keel__span_messages messages = {.input = {.items = NULL}};
    if (record->kind != KEEL_EVENT_EMBEDDING)
        messages = keel__span_messages_read(mapper, slots, facts->message_events,
                                            facts->message_event_count);
    record->llm = keel__call_read(mapper, slots, operation, &messages);
    read_payloads(mapper, slots, record);
    if (record->kind == KEEL_EVENT_EMBEDDING) {
        struct keel_slice texts = keel__embedding_texts(mapper, slots);
        if (texts.data) /* then input.value and output.value are the request and the response, as
                           below */
            record->input = texts;
        if (texts.data && slots->best[KEEL__F_OI_KIND])
            record->output = keel_slice(NULL, 0);
    }
    /* OpenInference's input.value and output.value are the request and the response as they went
     * over the wire: what they say is in the call, and a conversation would be stored once more
     * with every turn. */
    if (messages.input.count > 0)
        record->input = keel_slice(NULL, 0);
    if (messages.output.count > 0)
        record->output = keel_slice(NULL, 0);
}

void keel__map_span(struct keel__mapper *mapper, struct keel__attributes attributes,
                    const struct keel__span_facts *facts, struct keel_record *record)
{
    struct keel__slots slots = keel__slots_fill(attributes);
    struct nature nature = nature_of(mapper, &slots, facts);
    if (nature.kind == KEEL_EVENT_EMBEDDING && is_outer_embedding(&slots, facts))
        nature.kind = KEEL_EVENT_SPAN;
    record->kind = nature.kind;
    read_owner(mapper, &slots, record);
    read_names(mapper, &slots, facts, record);
    /* A remote agent's tokens are known here only; those of an agent in this process are its model
     * calls'. */
    bool remote_agent = nature.kind == KEEL_EVENT_AGENT && nature.operation.data &&
                        facts->kind == OTLP__SPAN_KIND__SPAN_KIND_CLIENT &&
                        slots.best[KEEL__F_INPUT_TOKENS];
    if (nature.kind == KEEL_EVENT_LLM || nature.kind == KEEL_EVENT_EMBEDDING || remote_agent) {
        read_call(mapper, &slots, facts, nature.operation, record);
    } else {
        read_payloads(mapper, &slots, record);
        read_messages(mapper, &slots, facts, record);
        /* Without a call there is no place for it. */
        if (nature.operation.data)
            keel__slot_release(&slots, KEEL__F_OPERATION);
    }
    keel__slots_settle(&slots);
}

bool keel__map_event(struct keel__mapper *mapper, const struct keel__message_event *event,
                     struct keel_record *record)
{
    bool body_taken = false;
    struct keel__slots slots = keel__slots_fill(event->attributes);
    read_owner(mapper, &slots, record);
    if (keel__is_message_event(event->name))
        record->llm_of_parent = keel__call_of_event(mapper, event, &body_taken);
    keel__slots_settle(&slots);
    return body_taken;
}
