#include "http/reply.h"

#include "http/request.h"

#include <stdio.h>

enum { MAX_REPLY_BYTES = 160 << 20 };

const char *keel__status_text(int status)
{
    static const struct {
        int status;
        const char *text;
    } texts[] = {
        {200, "OK"},
        {201, "Created"},
        {400, "Bad Request"},
        {401, "Unauthorized"},
        {403, "Forbidden"},
        {404, "Not Found"},
        {405, "Method Not Allowed"},
        {409, "Conflict"},
        {411, "Length Required"},
        {413, "Content Too Large"},
        {415, "Unsupported Media Type"},
        {417, "Expectation Failed"},
        {422, "Unprocessable Content"},
        {500, "Internal Server Error"},
        {501, "Not Implemented"},
        {503, "Service Unavailable"},
    };
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
        if (texts[i].status == status)
            return texts[i].text;
    return "Error";
}

static void clear(struct keel__reply *reply)
{
    keel__str_fini(&reply->body);
    keel__str_init(&reply->body, MAX_REPLY_BYTES);
    reply->fixed = keel_slice(NULL, 0);
    reply->location = NULL;
    reply->detail = NULL;
}

struct keel__json keel__reply_json(struct keel__request *request, int status)
{
    struct keel__json json;

    clear(&request->reply);
    request->reply.status = status;
    request->reply.content_type = "application/json";
    keel__json_init(&json, &request->reply.body, false);
    return json;
}

struct keel__json keel__reply_list(struct keel__request *request)
{
    struct keel__json json = keel__reply_json(request, 200);

    keel__json_object_begin(&json);
    keel__json_key(&json, "items");
    keel__json_array_begin(&json);
    return json;
}

enum keel__outcome keel__reply_list_end(struct keel__json *json, const char *next)
{
    keel__json_array_end(json);
    keel__json_add_cstr(json, "next", next);
    keel__json_object_end(json);
    return KEEL__REPLIED;
}

void keel__reply_fixed(struct keel__request *request, int status, const char *content_type,
                       struct keel_slice bytes)
{
    clear(&request->reply);
    request->reply.status = status;
    request->reply.content_type = content_type;
    request->reply.fixed = bytes;
}

static bool reply_otlp_status(struct keel__request *request, int status, const char *detail)
{
    struct keel_slice body;

    if (keel__otlp_status(&request->arena, request->encoding, status, keel_slice_of(detail), &body,
                          NULL))
        return false;
    keel__reply_fixed(request, status, keel__otlp_content_type(request->encoding), body);
    return true;
}

static void write_problem(struct keel__request *request, int status, const char *field,
                          const char *detail)
{
    if (request->is_otlp && reply_otlp_status(request, status, detail)) {
        request->reply.detail = keel__arena_strdup(&request->arena, detail);
        return;
    }
    struct keel__json json = keel__reply_json(request, status);
    request->reply.detail = keel__arena_strdup(&request->arena, detail);
    request->reply.content_type = "application/problem+json";
    keel__json_object_begin(&json);
    keel__json_add_cstr(&json, "type", "about:blank");
    keel__json_add_cstr(&json, "title", keel__status_text(status));
    keel__json_add_int(&json, "status", status);
    keel__json_add_cstr(&json, "detail", detail);
    if (field)
        keel__json_add_cstr(&json, "field", field);
    keel__json_object_end(&json);
}

void keel__reply_problem(struct keel__request *request, int status, const char *format, ...)
{
    char detail[700];
    va_list args;

    va_start(args, format);
    vsnprintf(detail, sizeof(detail), format, args);
    va_end(args);
    if (status == 503 && !request->reply.retry_after_s)
        request->reply.retry_after_s = 1;
    write_problem(request, status, NULL, detail);
}

void keel__reply_field(struct keel__request *request, const char *field, const char *format, ...)
{
    char detail[700];
    va_list args;

    int size = snprintf(detail, sizeof(detail), "%s: ", field);
    if (size < 0 || (size_t)size >= sizeof(detail))
        size = 0;
    va_start(args, format);
    vsnprintf(detail + size, sizeof(detail) - (size_t)size, format, args);
    va_end(args);
    write_problem(request, 400, field, detail);
}

void keel__reply_error(struct keel__request *request, const struct keel_error *err)
{
    int status = 503; /* BUSY, UNCERTAIN, IO, NOMEM: it may pass, and doing it again is harmless */

    switch (err->code) {
    case KEEL_NOTFOUND:
        status = 404;
        break;
    case KEEL_CONFLICT:
        status = 409;
        break;
    case KEEL_CONSTRAINT:
        status = request->is_otlp ? 400 : 422;
        break;
    case KEEL_INVALID:
        status = 400;
        break;
    case KEEL_UNSUPPORTED:
        status = 501;
        break;
    case KEEL_OK:
    case KEEL_BUSY:
    case KEEL_UNCERTAIN:
    case KEEL_NOMEM:
    case KEEL_IO:
        break;
    }
    if (status == 503)
        request->reply.retry_after_s = err->code == KEEL_BUSY ? 1 : 2;
    keel__reply_problem(request, status, "%s", err->message);
}
