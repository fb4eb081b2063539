#include "store/message_read.h"

#include "base/hash.h"

#include "keel_sql_store.h"

struct link {
    struct keel_hash hash, content;
    struct keel_stored_message message;
};

struct chain {
    struct keel__arena *arena;
    struct keel__list links; /* of struct link, the last message first */
};

void keel__message_reader_init(struct keel__message_reader *reader, struct keel_db *db,
                               struct keel__arena *arena)
{
    reader->db = db;
    reader->arena = arena;
    keel__map_init(&reader->contents, arena);
}

static int take_link(void *context, const struct keel_row *row, struct keel_error *err)
{
    struct chain *chain = context;
    struct link *link = keel__list_add(&chain->links, chain->arena);
    struct keel__reader reader = keel__reader_of(row, chain->arena);
    struct keel_slice format;

    if (!link)
        return keel__arena_error(chain->arena, err);
    keel__read_hash(&reader, &link->hash);
    link->message.hash = link->hash;
    link->message.role = keel__read_text(&reader);
    format = keel__read_word(&reader);
    link->message.format = format.size == 4 && memcmp(format.data, "json", 4) == 0
                               ? KEEL_MESSAGE_JSON
                               : KEEL_MESSAGE_TEXT;
    keel__read_hash(&reader, &link->content);
    return keel__reader_error(&reader, err);
}

/* ---- contents -------------------------------------------------------------------------------- */

static struct keel_slice key_of(const struct keel_hash *hash)
{
    return keel_slice((const char *)hash->bytes, sizeof(hash->bytes));
}

static int take_content(void *context, size_t index, const struct keel_row *row,
                        struct keel_error *err)
{
    struct keel__message_reader *reader = context;
    struct keel__reader columns = keel__reader_of(row, reader->arena);
    struct keel_slice *content = keel__arena_calloc(reader->arena, 1, sizeof(*content));
    struct keel_hash *hash = keel__arena_calloc(reader->arena, 1, sizeof(*hash));
    void **slot;
    int code;

    (void)index;
    if (!content || !hash)
        return keel__arena_error(reader->arena, err);
    keel__read_hash(&columns, hash);
    code = keel__read_content(&columns, content, err);
    if (code)
        return code;
    slot = keel__map_at(&reader->contents, 0, key_of(hash));
    if (!slot)
        return keel__arena_error(reader->arena, err);
    *slot = content;
    return 0;
}

/* Reads the contents of links that are not there yet. */
static int read_contents(struct keel__message_reader *reader, const struct link *links,
                         size_t count, struct keel_error *err)
{
    struct keel_value *wanted = keel__arena_calloc(reader->arena, count, sizeof(*wanted));
    struct keel__map asked;
    size_t wanted_count = 0;

    if (!wanted)
        return keel__arena_error(reader->arena, err);
    keel__map_init(&asked, reader->arena);
    for (size_t i = 0; i < count; i++) {
        void **slot;
        if (keel__map_get(&reader->contents, 0, key_of(&links[i].content)))
            continue;
        slot = keel__map_at(&asked, 0, key_of(&links[i].content));
        if (!slot)
            return keel__arena_error(reader->arena, err);
        if (*slot)
            continue;
        *slot = wanted;
        wanted[wanted_count++] = keel_hash_value(&links[i].content);
    }
    return wanted_count ? keel_db_batch_each(reader->db, &keel_q_contents_read, wanted,
                                             wanted_count, take_content, reader, err)
                        : 0;
}

static int get_content(struct keel__message_reader *reader, const struct keel_hash *hash,
                       struct keel_slice *out, struct keel_error *err)
{
    const struct keel_slice *content = keel__map_get(&reader->contents, 0, key_of(hash));
    char text[65];

    if (!content) {
        keel__hash_format(hash, text);
        return keel_error_set(err, KEEL_IO, "the content %s is missing from the database", text);
    }
    *out = *content;
    return 0;
}

int keel__read_hashed(struct keel__message_reader *reader, const struct keel_hash *hash,
                      struct keel_slice *out, struct keel_error *err)
{
    struct link link = {.content = *hash};
    int code = read_contents(reader, &link, 1, err);

    return code ? code : get_content(reader, hash, out, err);
}

/* ---- chains ---------------------------------------------------------------------------------- */

static int read_chain(struct keel__message_reader *reader, const struct keel_hash *last,
                      struct chain *chain, struct keel_error *err)
{
    int code;

    *chain = (struct chain){.arena = reader->arena, .links.size = sizeof(struct link)};
    code = keel_db_each(reader->db, &keel_q_message_chain, KEEL_PARAMS(keel_hash_value(last)),
                        take_link, chain, err);
    if (!code && chain->links.count > 0)
        code = read_contents(reader, chain->links.items, chain->links.count, err);
    return code;
}

/* links[0..count), which are last one first, as messages in order. */
static int take_over(struct keel__message_reader *reader, struct link *links, size_t count,
                     struct keel_stored_message **messages, size_t *message_count, size_t *bytes,
                     struct keel_error *err)
{
    int code = 0;

    *messages = NULL;
    *message_count = count;
    if (count == 0)
        return 0;
    *messages = keel__arena_calloc(reader->arena, count, sizeof(**messages));
    if (!*messages)
        return keel__arena_error(reader->arena, err);
    for (size_t i = 0; i < count && !code; i++) {
        struct link *link = &links[count - 1 - i];
        code = get_content(reader, &link->content, &link->message.content, err);
        (*messages)[i] = link->message;
        *bytes += link->message.content.size;
    }
    return code;
}

static size_t find(const struct chain *chain, const struct keel_hash *hash)
{
    const struct link *links = chain->links.items;
    size_t i = 0;

    while (i < chain->links.count && memcmp(&links[i].hash, hash, sizeof(*hash)) != 0)
        i++;
    return i;
}

int keel__read_messages(struct keel__message_reader *reader, const struct keel_hash *input,
                        const struct keel_hash *output, struct keel_llm_call *call, size_t *bytes,
                        struct keel_error *err)
{
    struct chain chain;
    size_t split; /* the links before it are output, the others input */
    int code;

    if (!input && !output)
        return 0;
    code = read_chain(reader, output ? output : input, &chain, err);
    if (code)
        return code;
    split = !output ? 0 : input ? find(&chain, input) : chain.links.count;
    code = take_over(reader, chain.links.items, split, &call->output_messages,
                     &call->output_message_count, bytes, err);
    if (!code && input && output && split == chain.links.count) {
        code = read_chain(reader, input, &chain, err); /* a chain of its own after all */
        split = 0;
    }
    if (!code && split < chain.links.count)
        code =
            take_over(reader, (struct link *)chain.links.items + split, chain.links.count - split,
                      &call->input_messages, &call->input_message_count, bytes, err);
    return code;
}
