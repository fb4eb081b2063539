#include <string.h>

#include "cli/output.h"
#include "cli/table.h"
#include "store/shape.h"

struct own {
    struct keel__words words;
    enum keel_role role;
};

static const struct argp_option options[] = {
    {"role", 'r', "ROLE", 0, "create: read, ingest (default: send data) or admin (everything)", 0},
    {0}};

static error_t parse(int key, char *arg, struct argp_state *state)
{
    struct own *own = state->input;
    if (key == 'r') {
        if (!keel_role_parse(keel_slice_of(arg), &own->role))
            argp_error(state, "--role takes read, ingest or admin, not '%s'", arg);
    } else if (key == ARGP_KEY_ARG) {
        keel__words_add(&own->words, arg, state);
    } else {
        return ARGP_ERR_UNKNOWN;
    }
    return 0;
}

static int create(struct keel_store *store, const struct keel__global *global,
                  const struct own *own)
{
    struct keel_result result = {0};
    struct keel_error err = {0};
    struct keel_api_key key;
    char secret[70];
    int status = KEEL__EXIT_OK;
    if (keel_api_key_create(store, own->words.word[1], own->role, keel__actor(), secret, &key,
                            &result, &err)) {
        status = keel__fail(&err);
    } else if (global->json) {
        struct keel__output output;
        keel__output_init(&output);
        keel__shape_api_key(&output.json, &key, secret);
        status = keel__output_finish(&output);
    } else {
        printf("%s\n", secret);
        keel__note(global, "This key is shown once: only its hash is stored. Clients send it so:\n"
                           "  OTEL_EXPORTER_OTLP_HEADERS=\"authorization=Bearer KEY\"");
    }
    explicit_bzero(secret, sizeof secret);
    keel_result_free(&result);
    return status;
}

static void print_table(const struct keel__global *global, const struct keel_api_key *keys,
                        size_t count)
{
    static const struct keel__column columns[] = {
        {"ID", true, false},      {"NAME", false, true},     {"KEY", false, false},
        {"ROLE", false, false},   {"CREATED", false, false}, {"LAST USED", false, false},
        {"REVOKED", false, false}};
    struct keel__table *table = keel__table_new(columns, sizeof columns / sizeof *columns);
    struct keel__term term;
    char text[32];
    for (size_t i = 0; i < count; i++) {
        snprintf(text, sizeof text, "%lld", (long long)keys[i].id);
        keel__table_cell(table, KEEL__PLAIN, text);
        keel__table_cell(table, KEEL__BOLD, keys[i].name);
        snprintf(text, sizeof text, "%.20s...", keys[i].prefix);
        keel__table_cell(table, KEEL__DIM, text);
        keel__table_cell(table, KEEL__PLAIN, keel_role_name(keys[i].role));
        keel__human_time(keys[i].created_at, text);
        keel__table_cell(table, KEEL__PLAIN, text);
        keel__human_time(keys[i].last_used_at, text);
        keel__table_cell(table, KEEL__PLAIN, text);
        keel__human_time(keys[i].revoked_at, text);
        keel__table_cell(table, keys[i].revoked_at ? KEEL__RED : KEEL__PLAIN, text);
    }
    keel__term_init(&term, global, stdout);
    keel__table_print(table, &term, "No keys. `keel keys create NAME' makes one.");
    keel__table_free(table);
}

static void shape(struct keel__json *json, const void *keys, size_t i)
{
    keel__shape_api_key(json, (const struct keel_api_key *)keys + i, NULL);
}

static int list(struct keel_store *store, const struct keel__global *global)
{
    struct keel_result result = {0};
    struct keel_error err = {0};
    struct keel_api_key *keys;
    size_t count;
    int status = KEEL__EXIT_OK;
    if (keel_api_key_list(store, &keys, &count, &result, &err)) {
        status = keel__fail(&err);
    } else if (global->json) {
        status = keel__output_array(count, shape, keys);
    } else {
        print_table(global, keys, count);
    }
    keel_result_free(&result);
    return status;
}

static int revoke(struct keel_store *store, const struct keel__global *global, const char *which)
{
    struct keel_error err = {0};
    if (keel_api_key_revoke(store, which, keel__actor(), &err))
        return keel__fail(&err);
    if (global->json)
        printf("{\"revoked\":true}\n");
    else
        keel__note(global, "Revoked. Servers stop taking it within seconds.");
    return KEEL__EXIT_OK;
}

static int run(const struct keel__command *self, int argc, char **argv)
{
    struct keel__global global = {0};
    struct own own = {.role = KEEL_ROLE_INGEST};
    struct keel_store *store = NULL;
    keel__parse(self, argc, argv, &global, &own);
    const char *verb = own.words.count ? own.words.word[0] : "list";
    bool lists = !strcmp(verb, "list"), creates = !strcmp(verb, "create");
    if (!lists && !creates && strcmp(verb, "revoke") != 0)
        return keel__usage(self, "there is no verb '%s'", verb);
    if (lists ? own.words.count > 1 : own.words.count != 2)
        return keel__usage(self, lists ? "list takes no name" : "%s takes one name", verb);
    int status = keel__store_open(&global, lists ? KEEL__READ : KEEL__WRITE, &store);
    if (status)
        return status;
    status = lists     ? list(store, &global)
             : creates ? create(store, &global, &own)
                       : revoke(store, &global, own.words.word[1]);
    keel_store_close(store);
    return status;
}

const struct keel__command keel__cmd_keys = {
    .name = "keys",
    .args = "create NAME|list|revoke NAME",
    .summary = "API keys: needed when keel listens on more than this machine",
    .details = "A key has 256 random bits, is shown once and stored as its hash. ingest keys may "
               "send data, read keys may look, admin keys may do both and all else.\n\n"
               "revoke takes a key's name, id, or the start of the key.",
    .options = options,
    .parse = parse,
    .run = run,
};
