#include "http/api.h"
#include "http/request.h"
#include "http/state.h"
#include "store/shape.h"

static bool read_dimension(struct keel__request *request, enum keel_cost_by *by)
{
    const char *text = "model";

    if (!keel__query_text(request, "by", &text))
        return false;
    if (keel_cost_by_parse(keel_slice_of(text), by))
        return true;
    keel__reply_field(request, "by", "must be project, model, agent, day or session");
    return false;
}

enum keel__outcome keel__api_cost_report(struct keel__request *request)
{
    struct keel_cost_filter filter = {0};
    enum keel_cost_by by;
    struct keel_cost *costs;
    struct keel_error err;
    size_t count;

    if (!read_dimension(request, &by) || !keel__query_text(request, "project", &filter.project) ||
        !keel__query_time(request, "since", &filter.since) ||
        !keel__query_time(request, "until", &filter.until))
        return KEEL__REPLIED;
    if (keel_cost_report(request->server->store, by, &filter, &costs, &count, &request->result,
                         &err)) {
        keel__reply_error(request, &err);
        return KEEL__REPLIED;
    }
    struct keel__json json = keel__reply_list(request);
    for (size_t i = 0; i < count; i++)
        keel__shape_cost(&json, by, &costs[i]);
    return keel__reply_list_end(&json, NULL);
}

enum keel__outcome keel__api_price_list(struct keel__request *request)
{
    struct keel_price *prices;
    struct keel_error err;
    bool history = false;
    size_t count;

    if (!keel__query_bool(request, "history", &history))
        return KEEL__REPLIED;
    if (keel_price_list(request->server->store, history, &prices, &count, &request->result, &err)) {
        keel__reply_error(request, &err);
        return KEEL__REPLIED;
    }
    struct keel__json json = keel__reply_list(request);
    for (size_t i = 0; i < count; i++)
        keel__shape_price(&json, &prices[i]);
    return keel__reply_list_end(&json, NULL);
}
