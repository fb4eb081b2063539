#include <curl/curl.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "cli/demo.h"
#include "cli/output.h"

struct own {
    const char *endpoint;
    const char *key;
};

static const struct argp_option options[] = {
    {"endpoint", 'e', "URL", 0,
     "Where to send (else $OTEL_EXPORTER_OTLP_ENDPOINT, http://127.0.0.1:4318)", 0},
    {"key", 'k', "KEY", 0, "API key, where the server wants one (else $KEEL_API_KEY)", 0},
    {0}};

static error_t parse(int key, char *arg, struct argp_state *state)
{
    struct own *own = state->input;
    if (key == 'e')
        own->endpoint = arg;
    else if (key == 'k')
        own->key = arg;
    else if (key == ARGP_KEY_ARG)
        argp_error(state, "unexpected argument '%s'", arg);
    else
        return ARGP_ERR_UNKNOWN;
    return 0;
}

struct client {
    CURL *curl;
    struct curl_slist *headers;
    char url[512];
    char answer[512];
    size_t answered;
};

static size_t keep_answer(char *data, size_t one, size_t size, void *context)
{
    struct client *client = context;
    size_t room = sizeof client->answer - 1 - client->answered;
    size_t kept = size < room ? size : room;
    memcpy(client->answer + client->answered, data, kept);
    client->answered += kept;
    client->answer[client->answered] = '\0';
    return one * size;
}

static bool client_init(struct client *client, const struct own *own)
{
    char authorization[160];
    size_t end = strlen(own->endpoint);
    while (end && own->endpoint[end - 1] == '/')
        end--;
    snprintf(client->url, sizeof client->url, "%.*s/v1/traces", (int)end, own->endpoint);
    client->headers = curl_slist_append(NULL, "Content-Type: application/json");
    if (own->key) {
        snprintf(authorization, sizeof authorization, "Authorization: Bearer %s", own->key);
        client->headers = curl_slist_append(client->headers, authorization);
        explicit_bzero(authorization, sizeof authorization);
    }
    client->curl = curl_easy_init();
    if (!client->curl)
        return false;
    curl_easy_setopt(client->curl, CURLOPT_URL, client->url);
    curl_easy_setopt(client->curl, CURLOPT_HTTPHEADER, client->headers);
    curl_easy_setopt(client->curl, CURLOPT_WRITEFUNCTION, keep_answer);
    curl_easy_setopt(client->curl, CURLOPT_WRITEDATA, client);
    curl_easy_setopt(client->curl, CURLOPT_TIMEOUT, 30L);
    curl_easy_setopt(client->curl, CURLOPT_CONNECTTIMEOUT, 5L);
    curl_easy_setopt(client->curl, CURLOPT_PROTOCOLS_STR, "http,https");
    return true;
}

static void client_fini(struct client *client)
{
    curl_easy_cleanup(client->curl);
    curl_slist_free_all(client->headers);
}

static int post(struct client *client, const struct keel__str *body)
{
    long status = 0;
    client->answered = 0;
    client->answer[0] = '\0';
    curl_easy_setopt(client->curl, CURLOPT_POSTFIELDS, body->data);
    curl_easy_setopt(client->curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)body->size);
    CURLcode code = curl_easy_perform(client->curl);
    if (code)
        return keel__fail_message("cannot send to %s: %s; is `keel serve' running?", client->url,
                                  curl_easy_strerror(code));
    curl_easy_getinfo(client->curl, CURLINFO_RESPONSE_CODE, &status);
    if (status == 401 || status == 403)
        return keel__fail_message("%s wants an API key: --key, made by `keel keys create'",
                                  client->url);
    if (status != 200)
        return keel__fail_message("%s answered %ld: %s", client->url, status, client->answer);
    return KEEL__EXIT_OK;
}

static int send_turns(struct client *client, struct keel__demo_run runs[KEEL__DEMO_TURNS])
{
    char session[32];
    struct keel_error err = {0};
    int64_t now = keel_time_now_us();
    int status = KEEL__EXIT_OK;
    snprintf(session, sizeof session, "demo-%08x", randombytes_random());
    for (int turn = 0; !status && turn < KEEL__DEMO_TURNS; turn++) {
        struct keel__str body;
        keel__str_init(&body, 0);
        keel__demo_request(&body, turn, session, now, &runs[turn]);
        status = keel__str_error(&body, &err) ? keel__fail(&err) : post(client, &body);
        keel__str_fini(&body);
    }
    return status;
}

static int report(const struct keel__global *global,
                  const struct keel__demo_run runs[KEEL__DEMO_TURNS])
{
    if (!global->json) {
        printf("Sent %d runs of a support agent. Now:\n\n    keel runs\n    keel show %s\n"
               "    keel timeline %s\n    keel costs\n",
               KEEL__DEMO_TURNS, runs[1].trace_id, runs[1].trace_id);
        return KEEL__EXIT_OK;
    }
    struct keel__output output;
    keel__output_init(&output);
    keel__json_object_begin(&output.json);
    keel__json_key(&output.json, "trace_ids");
    keel__json_array_begin(&output.json);
    for (int turn = 0; turn < KEEL__DEMO_TURNS; turn++)
        keel__json_cstr(&output.json, runs[turn].trace_id);
    keel__json_array_end(&output.json);
    keel__json_object_end(&output.json);
    return keel__output_finish(&output);
}

static int run(const struct keel__command *self, int argc, char **argv)
{
    struct keel__global global = {0};
    struct own own = {.endpoint = getenv("OTEL_EXPORTER_OTLP_ENDPOINT"),
                      .key = getenv("KEEL_API_KEY")};
    struct client client = {0};
    struct keel__demo_run runs[KEEL__DEMO_TURNS];
    if (!own.endpoint || !*own.endpoint)
        own.endpoint = "http://127.0.0.1:4318";
    keel__parse(self, argc, argv, &global, &own);
    if (sodium_init() < 0 || !client_init(&client, &own))
        return keel__fail_message("cannot start the HTTP client");
    int status = send_turns(&client, runs);
    client_fini(&client);
    return status ? status : report(&global, runs);
}

const struct keel__command keel__cmd_demo = {
    .name = "demo",
    .summary = "Send a small agent pipeline to a running server, to have something to look at",
    .details = "Four turns of a support agent's conversation, with tool calls, a cached prompt and "
               "a failure, sent as OTLP over HTTP like any OpenTelemetry SDK does.",
    .options = options,
    .parse = parse,
    .run = run,
};
