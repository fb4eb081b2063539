/*
 * Sends OTLP/HTTP requests over a number of connections, each as soon as the one before is
 * acknowledged, and says how many spans were acknowledged and how long that took.
 *
 *     load --port N [--host ADDRESS] [--connections N] [--seconds S | --requests N] [--spans N]
 * [--plain]
 *
 * The requests are built before the clock starts; for each only the ids, and one word of each
 * message, are written anew, so that the sender is not what is measured. A trace has 20 spans: a
 * workflow, 4 agents, 10 tool calls and 5 LLM calls with messages and tokens (--plain: 20 spans
 * with 6 attributes). Prints one JSON object.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <getopt.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

enum { SPANS_OF_TRACE = 20, MAX_THREADS = 256, MAX_SAMPLES = 4000000 };

/* ---- building a request ---------------------------------------------------------------------- */

struct buffer {
    unsigned char *data;
    size_t size, capacity;
};

enum patch_kind { TRACE_ID, SPAN_ID, WORD };

/* A place that is written anew for each request: an id of span number `span` of trace number
 * `trace`. */
struct patch {
    size_t offset;
    enum patch_kind kind;
    uint32_t trace, span;
};

struct body {
    struct buffer bytes;
    struct patch *patches;
    size_t patch_count, patch_capacity;
};

static void *grown(void *old, size_t size)
{
    void *memory = realloc(old, size);
    if (!memory) {
        fputs("load: out of memory\n", stderr);
        exit(1);
    }
    return memory;
}

static void put(struct buffer *buffer, const void *data, size_t size)
{
    if (buffer->size + size > buffer->capacity) {
        buffer->capacity = (buffer->size + size) * 2;
        buffer->data = grown(buffer->data, buffer->capacity);
    }
    memcpy(buffer->data + buffer->size, data, size);
    buffer->size += size;
}

static void put_varint(struct buffer *buffer, uint64_t value)
{
    do {
        unsigned char byte = (unsigned char)(value & 0x7f) | (value > 0x7f ? 0x80 : 0);
        put(buffer, &byte, 1);
        value >>= 7;
    } while (value);
}

static void put_bytes(struct buffer *buffer, unsigned field, const void *data, size_t size)
{
    put_varint(buffer, field << 3 | 2);
    put_varint(buffer, size);
    put(buffer, data, size);
}

static void put_text(struct buffer *buffer, unsigned field, const char *text)
{
    put_bytes(buffer, field, text, strlen(text));
}

static void put_fixed64(struct buffer *buffer, unsigned field, uint64_t value)
{
    put_varint(buffer, field << 3 | 1);
    put(buffer, &value, 8); /* little endian, as the machine is */
}

static void put_attribute(struct buffer *out, unsigned field, const char *key, const char *text,
                          int64_t number)
{
    struct buffer value = {0}, pair = {0};

    if (text) {
        put_text(&value, 1, text);
    } else {
        put_varint(&value, 3 << 3);
        put_varint(&value, (uint64_t)number);
    }
    put_text(&pair, 1, key);
    put_bytes(&pair, 2, value.data, value.size);
    put_bytes(out, field, pair.data, pair.size);
    free(value.data);
    free(pair.data);
}

static const char messages_in[] =
    "[{\"role\":\"system\",\"parts\":[{\"type\":\"text\",\"content\":\"You are a careful research "
    "assistant. Answer from the documents you are given and say so when they do not tell.\"}]},"
    "{\"role\":\"user\",\"parts\":[{\"type\":\"text\",\"content\":\"Request @@@@@@@@@@@@@@@@: what "
    "changed between the second and the third draft of the report, and which of these changes does "
    "the committee have to vote on before the end of the month?\"}]}]";
static const char messages_out[] =
    "[{\"role\":\"assistant\",\"parts\":[{\"type\":\"text\",\"content\":\"Answer "
    "@@@@@@@@@@@@@@@@: the third draft drops the section on travel, adds two tables with the "
    "figures "
    "of last year, and moves the budget from the appendix to the front. Only the budget needs a "
    "vote.\"}],\"finish_reason\":\"stop\"}]";

static void put_llm_attributes(struct buffer *span)
{
    put_attribute(span, 9, "gen_ai.operation.name", "chat", 0);
    put_attribute(span, 9, "gen_ai.provider.name", "openai", 0);
    put_attribute(span, 9, "gen_ai.request.model", "gpt-4o-mini", 0);
    put_attribute(span, 9, "gen_ai.response.model", "gpt-4o-mini-2024-07-18", 0);
    put_attribute(span, 9, "gen_ai.usage.input_tokens", NULL, 812);
    put_attribute(span, 9, "gen_ai.usage.output_tokens", NULL, 97);
    put_attribute(span, 9, "gen_ai.input.messages", messages_in, 0);
    put_attribute(span, 9, "gen_ai.output.messages", messages_out, 0);
}

static void put_span_attributes(struct buffer *span, uint32_t number, bool plain)
{
    if (!plain && number >= 15) {
        put_llm_attributes(span);
    } else if (!plain && number >= 5) {
        put_attribute(span, 9, "gen_ai.operation.name", "execute_tool", 0);
        put_attribute(span, 9, "gen_ai.tool.name", "search_documents", 0);
        put_attribute(span, 9, "gen_ai.tool.call.id", "call_0123456789abcdef", 0);
        put_attribute(span, 9, "gen_ai.tool.call.arguments",
                      "{\"query\":\"third draft\",\"limit\":5}", 0);
    } else if (!plain && number >= 1) {
        put_attribute(span, 9, "gen_ai.operation.name", "invoke_agent", 0);
        put_attribute(span, 9, "gen_ai.agent.name", "researcher", 0);
    } else {
        put_attribute(span, 9, "http.request.method", "GET", 0);
        put_attribute(span, 9, "url.full", "https://example.org/documents/third-draft?page=2", 0);
        put_attribute(span, 9, "server.address", "example.org", 0);
        put_attribute(span, 9, "server.port", NULL, 443);
        put_attribute(span, 9, "http.response.status_code", NULL, 200);
        put_attribute(span, 9, "code.function.name", "load_document", 0);
    }
}

static uint32_t parent_of(uint32_t number)
{
    return number < 5 ? 0 : 1 + number % 4;
}

static void put_span(struct buffer *out, uint32_t number, bool plain, uint64_t now_ns)
{
    static const unsigned char zeros[16];
    struct buffer span = {0};
    const char *name = plain || number == 0 ? "GET /documents"
                       : number < 5         ? "invoke_agent researcher"
                       : number < 15        ? "execute_tool search_documents"
                                            : "chat gpt-4o-mini";

    put_bytes(&span, 1, zeros, 16);
    put_bytes(&span, 2, zeros, 8);
    if (number > 0)
        put_bytes(&span, 4, zeros, 8);
    put_text(&span, 5, name);
    put_varint(&span, 6 << 3);
    put_varint(&span, 3);
    put_fixed64(&span, 7, now_ns + number * 1000);
    put_fixed64(&span, 8, now_ns + number * 1000 + 250000000);
    put_span_attributes(&span, number, plain);
    put_bytes(out, 2, span.data, span.size);
    free(span.data);
}

static void add_patch(struct body *body, size_t offset, enum patch_kind kind, uint32_t trace,
                      uint32_t span)
{
    if (body->patch_count == body->patch_capacity) {
        body->patch_capacity = body->patch_capacity * 2 + 64;
        body->patches = grown(body->patches, body->patch_capacity * sizeof(struct patch));
    }
    body->patches[body->patch_count++] = (struct patch){offset, kind, trace, span};
}

/* Finds what put_span left open: the ids at its start, and the words of its messages. */
static void find_patches(struct body *body, size_t from, uint32_t trace, uint32_t number)
{
    unsigned char *data = body->bytes.data;
    size_t at = from + 1, end = body->bytes.size;

    while (data[at] & 0x80) /* the length of the span */
        at++;
    at += 1 + 2;
    add_patch(body, at, TRACE_ID, trace, 0);
    at += 16 + 2;
    add_patch(body, at, SPAN_ID, trace, number);
    if (number > 0)
        add_patch(body, at + 8 + 2, SPAN_ID, trace, parent_of(number));
    for (size_t i = at; i + 16 <= end; i++)
        if (memcmp(data + i, "@@@@@@@@@@@@@@@@", 16) == 0)
            add_patch(body, i, WORD, trace, number);
}

static struct body build_body(uint32_t spans, bool plain)
{
    struct timespec now;
    struct buffer scope = {0}, resource = {0}, resource_spans = {0}, spans_bytes = {0};
    struct body body = {0};

    clock_gettime(CLOCK_REALTIME, &now);
    uint64_t now_ns = (uint64_t)now.tv_sec * 1000000000U;
    put_text(&scope, 1, "bench");
    put_bytes(&spans_bytes, 1, scope.data, scope.size);
    for (uint32_t i = 0; i < spans; i++)
        put_span(&spans_bytes, i % SPANS_OF_TRACE, plain, now_ns);
    put_attribute(&resource, 1, "service.name", "bench", 0);
    put_bytes(&resource_spans, 1, resource.data, resource.size);
    put_bytes(&resource_spans, 2, spans_bytes.data, spans_bytes.size);
    put_bytes(&body.bytes, 1, resource_spans.data, resource_spans.size);

    size_t at = body.bytes.size - spans_bytes.size + scope.size + 2;
    for (uint32_t i = 0; i < spans; i++) {
        struct buffer one = {0};
        put_span(&one, i % SPANS_OF_TRACE, plain, now_ns);
        struct body part = {.bytes = {body.bytes.data, at + one.size, 0}};
        part.patches = body.patches;
        part.patch_count = body.patch_count;
        part.patch_capacity = body.patch_capacity;
        find_patches(&part, at, i / SPANS_OF_TRACE, i % SPANS_OF_TRACE);
        body.patches = part.patches;
        body.patch_count = part.patch_count;
        body.patch_capacity = part.patch_capacity;
        at += one.size;
        free(one.data);
    }
    free(scope.data);
    free(resource.data);
    free(resource_spans.data);
    free(spans_bytes.data);
    return body;
}

/* Numbers each id: high bits who and which request, low bits which trace and span. */
static void patch_body(struct body *body, uint32_t sender, uint32_t request, uint64_t salt)
{
    static const char digits[] = "0123456789abcdef";

    for (size_t i = 0; i < body->patch_count; i++) {
        const struct patch *patch = &body->patches[i];
        unsigned char *place = body->bytes.data + patch->offset;
        uint64_t number = (uint64_t)sender << 52 | (uint64_t)request << 20 |
                          (uint64_t)patch->trace << 8 | (patch->span + 1);
        if (patch->kind == WORD) {
            for (int n = 0; n < 16; n++)
                place[n] = (unsigned char)digits[number >> (60 - 4 * n) & 15];
            continue;
        }
        if (patch->kind == TRACE_ID) {
            number = (uint64_t)sender << 52 | (uint64_t)request << 20 |
                     (uint64_t)patch->trace << 8 | 0xff;
            memcpy(place, &salt, 8);
            place += 8;
        }
        for (int n = 0; n < 8; n++)
            place[n] = (unsigned char)(number >> (56 - 8 * n));
    }
}

/* ---- sending --------------------------------------------------------------------------------- */

struct settings {
    struct sockaddr_in address;
    int connections, spans;
    double seconds;
    long requests; /* 0: until the time is over */
    bool plain;
    uint64_t salt;
};

struct sender {
    const struct settings *settings;
    uint32_t number;
    pthread_t thread;
    struct body body;
    char head[512];
    uint32_t *samples_us;
    size_t sample_count;
    long refused, failed;
    double busy_s;
};

static atomic_long requests_left;
static atomic_bool time_is_over;

static double seconds_now(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static int open_connection(const struct settings *settings)
{
    int one = 1, fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
    if (connect(fd, (const struct sockaddr *)&settings->address, sizeof(settings->address)) != 0) {
        close(fd);
        return -1;
    }
    return fd;
}

static bool send_all(int fd, struct iovec *parts, int count)
{
    while (count > 0) {
        ssize_t sent = writev(fd, parts, count);
        if (sent < 0 && errno == EINTR)
            continue;
        if (sent <= 0)
            return false;
        while (count > 0 && (size_t)sent >= parts->iov_len) {
            sent -= (ssize_t)parts->iov_len;
            parts++;
            count--;
        }
        if (count > 0) {
            parts->iov_base = (char *)parts->iov_base + sent;
            parts->iov_len -= (size_t)sent;
        }
    }
    return true;
}

/* The status of one response with a Content-Length, or -1. */
static int read_response(int fd)
{
    char text[8192];
    size_t size = 0;

    for (;;) {
        ssize_t got = read(fd, text + size, sizeof(text) - 1 - size);
        if (got <= 0)
            return -1;
        size += (size_t)got;
        text[size] = '\0';
        const char *end = strstr(text, "\r\n\r\n");
        const char *length = strcasestr(text, "content-length:");
        if (!end || !length)
            continue;
        if (size >= (size_t)(end + 4 - text) + strtoul(length + 15, NULL, 10))
            return atoi(text + 9);
    }
}

static void add_sample(struct sender *sender, double began)
{
    if (sender->sample_count < MAX_SAMPLES / (size_t)sender->settings->connections)
        sender->samples_us[sender->sample_count++] = (uint32_t)((seconds_now() - began) * 1e6);
}

static bool more(const struct settings *settings)
{
    if (settings->requests > 0)
        return atomic_fetch_sub(&requests_left, 1) > 0;
    return !atomic_load(&time_is_over);
}

/* True when it was acknowledged; a 503 is sent again. */
static bool deliver(struct sender *sender, int *fd)
{
    for (;;) {
        struct iovec parts[] = {{sender->head, strlen(sender->head)},
                                {sender->body.bytes.data, sender->body.bytes.size}};
        if (*fd < 0 && (*fd = open_connection(sender->settings)) < 0)
            return false;
        int status = send_all(*fd, parts, 2) ? read_response(*fd) : -1;
        if (status == 200)
            return true;
        if (status < 0) {
            close(*fd);
            *fd = -1;
        }
        if (status != 503)
            return false;
        sender->refused++;
        if (atomic_load(&time_is_over))
            return false;
        usleep(20000);
    }
}

static void *run_sender(void *argument)
{
    struct sender *sender = argument;
    int fd = -1;
    double started = seconds_now();

    for (uint32_t request = 0; more(sender->settings); request++) {
        patch_body(&sender->body, sender->number, request, sender->settings->salt);
        double began = seconds_now();
        if (deliver(sender, &fd))
            add_sample(sender, began);
        else
            sender->failed++;
    }
    sender->busy_s = seconds_now() - started;
    if (fd >= 0)
        close(fd);
    return NULL;
}

/* ---- the whole ------------------------------------------------------------------------------- */

static int by_value(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return (x > y) - (x < y);
}

static void report(struct sender *senders, const struct settings *settings, double elapsed)
{
    size_t count = 0, body_bytes = senders[0].body.bytes.size;
    long refused = 0, failed = 0;

    uint32_t *all = grown(NULL, (MAX_SAMPLES + 1) * sizeof(*all));
    for (int i = 0; i < settings->connections; i++) {
        memcpy(all + count, senders[i].samples_us, senders[i].sample_count * sizeof(*all));
        count += senders[i].sample_count;
        refused += senders[i].refused;
        failed += senders[i].failed;
    }
    qsort(all, count, sizeof(*all), by_value);
    printf("{\"connections\":%d,\"spans_per_request\":%d,\"body_bytes\":%zu,\"seconds\":%.3f,"
           "\"requests\":%zu,\"refused\":%ld,\"failed\":%ld,\"spans\":%zu,\"spans_per_s\":%.0f,"
           "\"p50_us\":%u,\"p99_us\":%u,\"max_us\":%u}\n",
           settings->connections, settings->spans, body_bytes, elapsed, count, refused, failed,
           count * (size_t)settings->spans, (double)count * settings->spans / elapsed,
           count ? all[count / 2] : 0, count ? all[count * 99 / 100] : 0,
           count ? all[count - 1] : 0);
    free(all);
}

static void start(struct sender *sender, const struct settings *settings, uint32_t number)
{
    char address[INET_ADDRSTRLEN];

    sender->settings = settings;
    sender->number = number;
    sender->body = build_body((uint32_t)settings->spans, settings->plain);
    sender->samples_us =
        grown(NULL, (size_t)MAX_SAMPLES / (size_t)settings->connections * sizeof(uint32_t));
    inet_ntop(AF_INET, &settings->address.sin_addr, address, sizeof(address));
    snprintf(sender->head, sizeof(sender->head),
             "POST /v1/traces HTTP/1.1\r\nHost: %s\r\nContent-Type: application/x-protobuf\r\n"
             "Content-Length: %zu\r\n\r\n",
             address, sender->body.bytes.size);
}

static struct settings read_settings(int argc, char **argv)
{
    static const struct option options[] = {{"host", required_argument, NULL, 'h'},
                                            {"port", required_argument, NULL, 'p'},
                                            {"connections", required_argument, NULL, 'c'},
                                            {"seconds", required_argument, NULL, 's'},
                                            {"requests", required_argument, NULL, 'r'},
                                            {"spans", required_argument, NULL, 'n'},
                                            {"plain", no_argument, NULL, 'l'},
                                            {0}};
    struct settings settings = {.connections = 1, .spans = 500, .seconds = 5};
    const char *host = "127.0.0.1";
    int key;

    settings.address.sin_family = AF_INET;
    while ((key = getopt_long(argc, argv, "", options, NULL)) != -1) {
        switch (key) {
        case 'h':
            host = optarg;
            break;
        case 'p':
            settings.address.sin_port = htons((uint16_t)atoi(optarg));
            break;
        case 'c':
            settings.connections = atoi(optarg);
            break;
        case 's':
            settings.seconds = atof(optarg);
            break;
        case 'r':
            settings.requests = atol(optarg);
            break;
        case 'n':
            settings.spans = atoi(optarg);
            break;
        case 'l':
            settings.plain = true;
            break;
        default:
            exit(2);
        }
    }
    if (inet_pton(AF_INET, host, &settings.address.sin_addr) != 1 || !settings.address.sin_port ||
        settings.connections < 1 || settings.connections > MAX_THREADS || settings.spans < 1) {
        fputs("load: --port is needed; --host is an IPv4 address\n", stderr);
        exit(2);
    }
    return settings;
}

int main(int argc, char **argv)
{
    struct settings settings = read_settings(argc, argv);
    struct sender *senders = calloc((size_t)settings.connections, sizeof(*senders));
    struct timespec now;

    clock_gettime(CLOCK_REALTIME, &now);
    settings.salt = (uint64_t)now.tv_sec << 32 | (uint64_t)now.tv_nsec;
    atomic_store(&requests_left, settings.requests);
    for (int i = 0; i < settings.connections; i++)
        start(&senders[i], &settings, (uint32_t)i);
    double began = seconds_now();
    for (int i = 0; i < settings.connections; i++)
        pthread_create(&senders[i].thread, NULL, run_sender, &senders[i]);
    if (settings.requests == 0) {
        usleep((useconds_t)(settings.seconds * 1e6));
        atomic_store(&time_is_over, true);
    }
    for (int i = 0; i < settings.connections; i++)
        pthread_join(senders[i].thread, NULL);
    report(senders, &settings, seconds_now() - began);
    return 0;
}
