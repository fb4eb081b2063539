#include "http/stream.h"

#include "base/clock.h"
#include "base/error.h"
#include "base/hash.h"
#include "base/log.h"
#include "store/shape.h"

#include <inttypes.h>
#include <microhttpd.h>
#include <stdio.h>
#include <stdlib.h>

enum {
    CLIENT_BYTES = 1 << 20, /* that wait for one client; more than that, and it is dropped */
    HISTORY = 1024,         /* messages kept for those who come back ... */
    HISTORY_BYTES = 4 << 20,
    TOUCHED = 1024, /* runs that wait to be read */
    PAGE = 200,     /* events read at once */
    HEARTBEAT_US = 15000000,
    STALL_US = 30000000,
    LINGER_US = 60000000 /* history is kept up for so long after the last client has left */
};

struct client {
    struct client *next;
    struct keel__stream *stream;
    struct MHD_Connection *mhd;
    struct keel__connection *connection;
    char *project;
    bool has_run;
    struct keel_uuid run_id;
    struct keel__str buffer;
    size_t sent;               /* of buffer */
    int64_t moved_us, beat_us; /* when bytes last went out; when something was last said */
    bool suspended, ending;
};

struct message {
    uint64_t number;
    struct keel_uuid run_id;
    char *project;
    char *text;
    size_t size;
};

struct keel__stream {
    struct keel_store *store;
    pthread_t thread;
    pthread_mutex_t mutex;
    pthread_cond_t work, room;
    struct keel_run_change touched[TOUCHED];
    size_t touched_count;
    bool lost; /* changes that nobody can be told of any more */
    bool ended, closing;
    struct client *clients;
    int client_count, max_clients;
    int64_t deserted_us; /* when the last client left; 0: never had one */
    uint64_t boot, number;
    struct message history[HISTORY];
    size_t history_first, history_count, history_bytes;
};

/* ---- clients --------------------------------------------------------------------------------- */

static void wake(struct client *client)
{
    if (!client->suspended)
        return;
    client->suspended = false;
    MHD_resume_connection(client->mhd);
}

static size_t unsent(const struct client *client)
{
    return client->buffer.size - client->sent;
}

static void say(struct client *client, const char *text, size_t size)
{
    if (unsent(client) == 0) {
        keel__str_clear(&client->buffer);
        client->sent = 0;
        client->moved_us = keel__clock_us();
    } else if (client->sent > CLIENT_BYTES / 2) {
        client->buffer.size -= client->sent;
        memmove(client->buffer.data, client->buffer.data + client->sent, client->buffer.size + 1);
        client->sent = 0;
    }
    keel__str_append(&client->buffer, text, size);
    client->beat_us = keel__clock_us();
    wake(client);
}

/* What it has not been sent yet is forgotten, but for a message that is half out. */
static void end_client(struct client *client, const char *event)
{
    char text[128];

    if (client->ending)
        return;
    if (unsent(client) > 0) {
        const char *from = client->buffer.data + client->sent;
        const char *end = strstr(from, "\n\n");
        client->buffer.size = (size_t)((end ? end + 2 : from) - client->buffer.data);
        client->buffer.failed = false;
    }
    int size = snprintf(text, sizeof(text), "event: %s\ndata: {}\n\n", event);
    client->ending = true;
    keel__connection_enter(client->connection, KEEL__STAGE_REPLY);
    say(client, text, (size_t)size);
}

static bool wants(const struct client *client, const char *project, struct keel_uuid run_id)
{
    if (client->has_run && memcmp(&client->run_id, &run_id, sizeof(run_id)) != 0)
        return false;
    return !client->project || (project && strcmp(client->project, project) == 0);
}

static void offer(struct client *client, const struct message *message)
{
    if (client->ending || !wants(client, message->project, message->run_id))
        return;
    if (unsent(client) + message->size > CLIENT_BYTES)
        end_client(client, "dropped");
    else
        say(client, message->text, message->size);
}

/* MHD_ContentReaderCallback, on the connection's thread. */
static ssize_t read_client(void *context, uint64_t position, char *out, size_t max)
{
    (void)position;
    struct client *client = context;
    struct keel__stream *stream = client->stream;

    pthread_mutex_lock(&stream->mutex);
    ssize_t size = (ssize_t)(unsent(client) < max ? unsent(client) : max);
    if (size > 0) {
        memcpy(out, client->buffer.data + client->sent, (size_t)size);
        client->sent += (size_t)size;
        client->moved_us = keel__clock_us();
        pthread_cond_signal(&stream->room);
    } else if (client->ending) {
        size = MHD_CONTENT_READER_END_OF_STREAM;
    } else {
        client->suspended = true;
        MHD_suspend_connection(client->mhd);
    }
    pthread_mutex_unlock(&stream->mutex);
    return size;
}

static void free_client(struct client *client)
{
    keel__str_fini(&client->buffer);
    free(client->project);
    free(client);
}

/* MHD_ContentReaderFreeCallback: the response is done with, whatever the reason. */
static void leave(void *context)
{
    struct client *client = context;
    struct keel__stream *stream = client->stream;

    pthread_mutex_lock(&stream->mutex);
    for (struct client **at = &stream->clients; *at; at = &(*at)->next) {
        if (*at == client) {
            *at = client->next;
            break;
        }
    }
    if (--stream->client_count == 0)
        stream->deserted_us = keel__clock_us();
    pthread_cond_signal(&stream->room);
    pthread_mutex_unlock(&stream->mutex);
    free_client(client);
}

/* ---- history --------------------------------------------------------------------------------- */

static struct message *history_at(struct keel__stream *stream, size_t index)
{
    return &stream->history[(stream->history_first + index) % HISTORY];
}

static void forget_oldest(struct keel__stream *stream)
{
    struct message *message = history_at(stream, 0);

    stream->history_bytes -= message->size;
    free(message->text);
    free(message->project);
    stream->history_first = (stream->history_first + 1) % HISTORY;
    stream->history_count--;
}

static void forget_all(struct keel__stream *stream)
{
    while (stream->history_count > 0)
        forget_oldest(stream);
}

/* Takes message's text and project. */
static void keep(struct keel__stream *stream, const struct message *message)
{
    while (stream->history_count == HISTORY ||
           (stream->history_count > 0 && stream->history_bytes + message->size > HISTORY_BYTES))
        forget_oldest(stream);
    *history_at(stream, stream->history_count++) = *message;
    stream->history_bytes += message->size;
}

static void say_reset(struct client *client)
{
    static const char reset[] = "event: reset\ndata: {}\n\n";
    say(client, reset, sizeof(reset) - 1);
}

/* Says again what came after last_event_id, or that it is not known any more. */
static void catch_up(struct keel__stream *stream, struct client *client, const char *last_event_id)
{
    uint64_t boot = 0, number = 0;
    uint64_t oldest = stream->number - stream->history_count;

    if (sscanf(last_event_id, "%16" SCNx64 "-%20" SCNu64, &boot, &number) != 2 ||
        boot != stream->boot || number < oldest || number > stream->number) {
        say_reset(client);
        return;
    }
    for (size_t i = (size_t)(number - oldest); i < stream->history_count; i++)
        offer(client, history_at(stream, i));
}

/* ---- telling what changed -------------------------------------------------------------------- */

/* Frees nothing of the caller's; on the stream's own thread. */
static void publish(struct keel__stream *stream, const char *event, const struct keel_run *run,
                    const struct keel__str *json)
{
    struct keel__str text;
    struct message message = {.run_id = run->id, .project = strdup(run->project)};

    pthread_mutex_lock(&stream->mutex);
    message.number = ++stream->number;
    keel__str_init(&text, 0);
    keel__str_printf(&text, "id: %016" PRIx64 "-%" PRIu64 "\nevent: %s\ndata: ", stream->boot,
                     message.number, event);
    keel__str_slice(&text, keel__str_view(json));
    keel__str_text(&text, "\n\n");
    message.size = text.size;
    message.text = keel__str_steal(&text);
    if (message.text && message.project) {
        for (struct client *client = stream->clients; client; client = client->next)
            offer(client, &message);
        keep(stream, &message);
    } else {
        stream->lost = true;
        free(message.text);
        free(message.project);
    }
    keel__str_fini(&text);
    pthread_mutex_unlock(&stream->mutex);
}

static bool crowded(const struct keel__stream *stream)
{
    for (const struct client *client = stream->clients; client; client = client->next)
        if (!client->ending && unsent(client) > CLIENT_BYTES / 2)
            return true;
    return false;
}

/* Gives clients that do read a moment to do so before more comes. */
static void wait_for_room(struct keel__stream *stream)
{
    struct timespec until;

    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += 1;
    pthread_mutex_lock(&stream->mutex);
    while (crowded(stream) && !stream->closing)
        if (pthread_cond_timedwait(&stream->room, &stream->mutex, &until) != 0)
            break;
    pthread_mutex_unlock(&stream->mutex);
}

static int publish_events(struct keel__stream *stream, const struct keel_run *run,
                          const struct keel_run_change *change, struct keel_error *err)
{
    int64_t after = change->first_sequence - 1, next = after;

    while (change->first_sequence > 0 && after < change->last_sequence) {
        struct keel_result result = {0};
        struct keel_event *events;
        size_t count;
        wait_for_room(stream);
        int rc = keel_event_list(stream->store, run->id, after, PAGE, false, &events, &count, &next,
                                 &result, err);
        for (size_t i = 0; !rc && i < count && events[i].sequence <= change->last_sequence; i++) {
            struct keel__str text;
            struct keel__json json;
            keel__str_init(&text, 0);
            keel__json_init(&json, &text, false);
            keel__shape_event(&json, run->id, &events[i], KEEL__EVENT_PLAIN);
            publish(stream, "event", run, &text);
            keel__str_fini(&text);
        }
        keel_result_free(&result);
        if (rc || next == 0)
            return rc;
        after = next;
    }
    return KEEL_OK;
}

static void tell(struct keel__stream *stream, const struct keel_run_change *change)
{
    struct keel_result result = {0};
    struct keel_run run;
    struct keel_error err;
    struct keel__str text;
    struct keel__json json;

    int rc = keel_run_get(stream->store, change->run_id, &run, &result, &err);
    if (!rc) {
        keel__str_init(&text, 0);
        keel__json_init(&json, &text, false);
        keel__shape_run(&json, &run);
        publish(stream, "run", &run, &text);
        keel__str_fini(&text);
        rc = publish_events(stream, &run, change, &err);
    }
    keel_result_free(&result);
    if (rc && rc != KEEL_NOTFOUND) {
        keel__log(KEEL__LOG_WARN, "cannot tell the clients of /api/v1/stream what changed",
                  keel__log_cstr("error", err.message));
        pthread_mutex_lock(&stream->mutex);
        stream->lost = true;
        pthread_mutex_unlock(&stream->mutex);
    }
}

/* With the mutex held. */
static void tell_lost(struct keel__stream *stream)
{
    stream->lost = false;
    stream->number++;
    forget_all(stream);
    for (struct client *client = stream->clients; client; client = client->next)
        if (!client->ending)
            say_reset(client);
}

static void *follow(void *argument)
{
    struct keel__stream *stream = argument;

    pthread_mutex_lock(&stream->mutex);
    while (!stream->closing) {
        if (stream->lost)
            tell_lost(stream);
        if (stream->touched_count == 0) {
            pthread_cond_wait(&stream->work, &stream->mutex);
            continue;
        }
        struct keel_run_change change = stream->touched[0];
        stream->touched_count--;
        memmove(stream->touched, stream->touched + 1,
                stream->touched_count * sizeof(stream->touched[0]));
        pthread_mutex_unlock(&stream->mutex);
        tell(stream, &change);
        pthread_mutex_lock(&stream->mutex);
    }
    pthread_mutex_unlock(&stream->mutex);
    return NULL;
}

/* Adds to what is known already of the same run, if its events follow on those. */
static bool join_touched(struct keel__stream *stream, const struct keel_run_change *change)
{
    for (size_t i = stream->touched_count; i > 0; i--) {
        struct keel_run_change *known = &stream->touched[i - 1];
        if (memcmp(&known->run_id, &change->run_id, sizeof(known->run_id)) != 0)
            continue;
        if (change->first_sequence == 0)
            return true;
        if (known->first_sequence == 0) {
            *known = *change;
            return true;
        }
        if (change->first_sequence != known->last_sequence + 1)
            return false;
        known->last_sequence = change->last_sequence;
        return true;
    }
    return false;
}

void keel__stream_touch(struct keel__stream *stream, struct keel_uuid run_id, int64_t first,
                        int64_t last)
{
    struct keel_run_change change = {run_id, first, last};

    pthread_mutex_lock(&stream->mutex);
    bool nobody = stream->client_count == 0 &&
                  (stream->deserted_us == 0 || stream->deserted_us + LINGER_US < keel__clock_us());
    if (nobody) {
        forget_all(stream);
        stream->number += stream->deserted_us != 0; /* who comes back has missed something */
    } else if (!join_touched(stream, &change)) {
        if (stream->touched_count == TOUCHED)
            stream->lost = true;
        else
            stream->touched[stream->touched_count++] = change;
    }
    if (!nobody)
        pthread_cond_signal(&stream->work);
    pthread_mutex_unlock(&stream->mutex);
}

/* ---- the outside ----------------------------------------------------------------------------- */

int keel__stream_open(struct keel__stream **out, struct keel_store *store, int max_clients,
                      struct keel_error *err)
{
    *out = NULL;
    struct keel__stream *stream = calloc(1, sizeof(*stream));
    if (!stream)
        return keel__nomem(err);
    stream->store = store;
    stream->max_clients = max_clients;
    keel__random(&stream->boot, sizeof(stream->boot));
    pthread_mutex_init(&stream->mutex, NULL);
    pthread_cond_init(&stream->work, NULL);
    pthread_cond_init(&stream->room, NULL);
    int failure = pthread_create(&stream->thread, NULL, follow, stream);
    if (failure) {
        free(stream);
        return keel__error_errno(err, KEEL_IO, failure, "cannot start a thread");
    }
    pthread_setname_np(stream->thread, "keel-stream");
    *out = stream;
    return KEEL_OK;
}

static struct client *new_client(struct keel__stream *stream,
                                 const struct keel__stream_filter *filter,
                                 struct MHD_Connection *mhd, struct keel__connection *connection)
{
    struct client *client = calloc(1, sizeof(*client));

    if (!client)
        return NULL;
    *client = (struct client){.stream = stream,
                              .mhd = mhd,
                              .connection = connection,
                              .has_run = filter->has_run,
                              .run_id = filter->run_id};
    keel__str_init(&client->buffer, 0);
    client->moved_us = client->beat_us = keel__clock_us();
    if (filter->project && !(client->project = strdup(filter->project))) {
        free_client(client);
        return NULL;
    }
    return client;
}

int keel__stream_join(struct keel__stream *stream, const struct keel__stream_filter *filter,
                      const char *last_event_id, struct MHD_Connection *mhd,
                      struct keel__connection *connection, struct MHD_Response **out,
                      struct keel_error *err)
{
    static const char hello[] = "retry: 2000\n\n";
    struct client *client = new_client(stream, filter, mhd, connection);

    if (!client)
        return keel__nomem(err);
    pthread_mutex_lock(&stream->mutex);
    bool full = stream->client_count >= stream->max_clients || stream->ended;
    if (!full) {
        say(client, hello, sizeof(hello) - 1);
        if (last_event_id)
            catch_up(stream, client, last_event_id);
        client->next = stream->clients;
        stream->clients = client;
        stream->client_count++;
    }
    pthread_mutex_unlock(&stream->mutex);
    if (full) {
        free_client(client);
        return keel_error_set(err, KEEL_BUSY, "%d clients follow the stream already",
                              stream->max_clients);
    }
    *out = MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, 16384, read_client, client, leave);
    if (!*out) {
        leave(client);
        return keel__nomem(err);
    }
    return KEEL_OK;
}

int keel__stream_clients(struct keel__stream *stream)
{
    pthread_mutex_lock(&stream->mutex);
    int count = stream->client_count;
    pthread_mutex_unlock(&stream->mutex);
    return count;
}

void keel__stream_tick(struct keel__stream *stream)
{
    static const char beat[] = ": still here\n\n";
    int64_t now = keel__clock_us();

    pthread_mutex_lock(&stream->mutex);
    for (struct client *client = stream->clients; client; client = client->next) {
        if (client->ending)
            continue;
        if (unsent(client) > 0 && now - client->moved_us > STALL_US)
            end_client(client, "dropped");
        else if (unsent(client) == 0 && now - client->beat_us > HEARTBEAT_US)
            say(client, beat, sizeof(beat) - 1);
    }
    pthread_mutex_unlock(&stream->mutex);
}

void keel__stream_end(struct keel__stream *stream)
{
    pthread_mutex_lock(&stream->mutex);
    stream->ended = true;
    for (struct client *client = stream->clients; client; client = client->next)
        end_client(client, "end");
    pthread_mutex_unlock(&stream->mutex);
}

void keel__stream_close(struct keel__stream *stream)
{
    if (!stream)
        return;
    pthread_mutex_lock(&stream->mutex);
    stream->closing = true;
    pthread_cond_broadcast(&stream->work);
    pthread_cond_broadcast(&stream->room);
    pthread_mutex_unlock(&stream->mutex);
    pthread_join(stream->thread, NULL);
    forget_all(stream);
    pthread_cond_destroy(&stream->work);
    pthread_cond_destroy(&stream->room);
    pthread_mutex_destroy(&stream->mutex);
    free(stream);
}
