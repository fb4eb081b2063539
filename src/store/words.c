/* The closed sets of words: as they stand in the database, in JSON and on the command line. */
#include <keel/store.h>

struct word {
    const char *text;
    int value;
};

static const char *text_of(const struct word *words, size_t count, int value)
{
    for (size_t i = 0; i < count; i++)
        if (words[i].value == value)
            return words[i].text;
    return "unknown";
}

static bool value_of(const struct word *words, size_t count, struct keel_slice text, int *value)
{
    for (size_t i = 0; i < count; i++)
        if (text.size == strlen(words[i].text) &&
            memcmp(text.data, words[i].text, text.size) == 0) {
            *value = words[i].value;
            return true;
        }
    return false;
}

#define COUNT(words) (sizeof(words) / sizeof((words)[0]))

static const struct word run_statuses[] = {
    {"pending", KEEL_RUN_PENDING}, {"in_progress", KEEL_RUN_IN_PROGRESS},
    {"blocked", KEEL_RUN_BLOCKED}, {"completed", KEEL_RUN_COMPLETED},
    {"failed", KEEL_RUN_FAILED},   {"cancelled", KEEL_RUN_CANCELLED},
};

const char *keel_run_status_name(enum keel_run_status status)
{
    return text_of(run_statuses, COUNT(run_statuses), (int)status);
}

bool keel_run_status_parse(struct keel_slice text, enum keel_run_status *out)
{
    int value;
    if (!value_of(run_statuses, COUNT(run_statuses), text, &value))
        return false;
    *out = (enum keel_run_status)value;
    return true;
}

bool keel_run_transition_legal(enum keel_run_status from, enum keel_run_status to)
{
    switch (from) {
    case KEEL_RUN_PENDING:
        return to > KEEL_RUN_PENDING && to <= KEEL_RUN_CANCELLED;
    case KEEL_RUN_IN_PROGRESS:
        return to >= KEEL_RUN_BLOCKED && to <= KEEL_RUN_CANCELLED;
    case KEEL_RUN_BLOCKED:
        return to == KEEL_RUN_IN_PROGRESS || (to >= KEEL_RUN_COMPLETED && to <= KEEL_RUN_CANCELLED);
    case KEEL_RUN_COMPLETED:
    case KEEL_RUN_FAILED:
    case KEEL_RUN_CANCELLED:
        break;
    }
    return false;
}

static const struct word event_kinds[] = {
    {"missing", KEEL_EVENT_MISSING},
    {"span", KEEL_EVENT_SPAN},
    {"workflow", KEEL_EVENT_WORKFLOW},
    {"agent", KEEL_EVENT_AGENT},
    {"llm", KEEL_EVENT_LLM},
    {"embedding", KEEL_EVENT_EMBEDDING},
    {"tool", KEEL_EVENT_TOOL},
    {"retrieval", KEEL_EVENT_RETRIEVAL},
    {"rerank", KEEL_EVENT_RERANK},
    {"guardrail", KEEL_EVENT_GUARDRAIL},
    {"evaluator", KEEL_EVENT_EVALUATOR},
    {"prompt", KEEL_EVENT_PROMPT},
    {"event", KEEL_EVENT_EVENT},
    {"log", KEEL_EVENT_LOG},
};

const char *keel_event_kind_name(enum keel_event_kind kind)
{
    return text_of(event_kinds, COUNT(event_kinds), (int)kind);
}

bool keel_event_kind_parse(struct keel_slice text, enum keel_event_kind *out)
{
    int value;
    if (!value_of(event_kinds, COUNT(event_kinds), text, &value))
        return false;
    *out = (enum keel_event_kind)value;
    return true;
}

static const struct word event_statuses[] = {
    {"unset", KEEL_STATUS_UNSET}, {"ok", KEEL_STATUS_OK}, {"error", KEEL_STATUS_ERROR}};

const char *keel_event_status_name(enum keel_event_status status)
{
    return text_of(event_statuses, COUNT(event_statuses), (int)status);
}

bool keel_event_status_parse(struct keel_slice text, enum keel_event_status *out)
{
    int value;
    if (!value_of(event_statuses, COUNT(event_statuses), text, &value))
        return false;
    *out = (enum keel_event_status)value;
    return true;
}

static const struct word cost_dimensions[] = {{"project", KEEL_COST_PROJECT},
                                              {"model", KEEL_COST_MODEL},
                                              {"agent", KEEL_COST_AGENT},
                                              {"day", KEEL_COST_DAY},
                                              {"session", KEEL_COST_SESSION}};

const char *keel_cost_by_name(enum keel_cost_by by)
{
    return text_of(cost_dimensions, COUNT(cost_dimensions), (int)by);
}

bool keel_cost_by_parse(struct keel_slice text, enum keel_cost_by *out)
{
    int value;
    if (!value_of(cost_dimensions, COUNT(cost_dimensions), text, &value))
        return false;
    *out = (enum keel_cost_by)value;
    return true;
}

static const struct word roles[] = {
    {"read", KEEL_ROLE_READ}, {"ingest", KEEL_ROLE_INGEST}, {"admin", KEEL_ROLE_ADMIN}};

const char *keel_role_name(enum keel_role role)
{
    return text_of(roles, COUNT(roles), (int)role);
}

bool keel_role_parse(struct keel_slice text, enum keel_role *out)
{
    int value;
    if (!value_of(roles, COUNT(roles), text, &value))
        return false;
    *out = (enum keel_role)value;
    return true;
}
