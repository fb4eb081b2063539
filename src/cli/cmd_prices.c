#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cli/output.h"
#include "cli/table.h"
#include "store/shape.h"

struct own {
    struct keel__words words;
    struct keel_price price;
    bool history;
};

enum { OPTION_CACHE_READ = 0x100, OPTION_CACHE_CREATION, OPTION_REASONING, OPTION_FROM };

static const struct argp_option options[] = {
    {"history", 'H', NULL, 0, "list: also prices that are no longer valid", 0},
    {"provider", 'P', "NAME", 0, "set: only of this provider (default: any)", 1},
    {"input", 'i', "USD", 0, "set: dollars per million input tokens", 1},
    {"output", 'o', "USD", 0, "set: dollars per million output tokens", 1},
    {"cache-read", OPTION_CACHE_READ, "USD", 0, "set: ... read from the cache (default: as input)",
     1},
    {"cache-creation", OPTION_CACHE_CREATION, "USD", 0,
     "set: ... written to the cache (default: as input)", 1},
    {"reasoning", OPTION_REASONING, "USD", 0, "set: ... of reasoning (default: as output)", 1},
    {"from", OPTION_FROM, "TIME", 0, "set: valid from (default: now)", 1},
    {"source", 's', "TEXT", 0, "set: where the price comes from", 1},
    {0}};

static int64_t dollars(const struct argp_state *state, const char *what, const char *text)
{
    int64_t nusd = 0;
    if (!keel_money_parse(keel_slice_of(text), &nusd) || nusd < 0)
        argp_error(state, "%s takes dollars such as 2.50, not '%s'", what, text);
    return nusd;
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
    struct own *own = state->input;
    switch (key) {
    case 'H':
        own->history = true;
        return 0;
    case 'P':
        own->price.provider = arg;
        return 0;
    case 'i':
        own->price.input_nusd = dollars(state, "--input", arg);
        return 0;
    case 'o':
        own->price.output_nusd = dollars(state, "--output", arg);
        return 0;
    case OPTION_CACHE_READ:
        own->price.cache_read_nusd = dollars(state, "--cache-read", arg);
        return 0;
    case OPTION_CACHE_CREATION:
        own->price.cache_creation_nusd = dollars(state, "--cache-creation", arg);
        return 0;
    case OPTION_REASONING:
        own->price.reasoning_nusd = dollars(state, "--reasoning", arg);
        return 0;
    case OPTION_FROM:
        own->price.valid_from = keel__when(state, "--from", arg);
        return 0;
    case 's':
        own->price.source = arg;
        return 0;
    case ARGP_KEY_ARG:
        keel__words_add(&own->words, arg, state);
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static void cell_price(struct keel__table *table, int64_t nusd)
{
    char text[24] = "-";
    if (nusd >= 0)
        keel_money_format(nusd, text);
    keel__table_cell(table, nusd < 0 ? KEEL__DIM : KEEL__PLAIN, text);
}

static void print_table(const struct keel__global *global, const struct keel_price *prices,
                        size_t count)
{
    static const struct keel__column columns[] = {
        {"PROVIDER", false, false},   {"MODEL", false, true},    {"FROM", false, false},
        {"INPUT", true, false},       {"OUTPUT", true, false},   {"CACHE READ", true, false},
        {"CACHE WRITE", true, false}, {"REASONING", true, false}};
    struct keel__table *table = keel__table_new(columns, sizeof columns / sizeof *columns);
    struct keel__term term;
    char text[32];
    for (size_t i = 0; i < count; i++) {
        keel__table_cell(table, KEEL__PLAIN, *prices[i].provider ? prices[i].provider : "any");
        keel__table_cell(table, KEEL__BOLD, prices[i].model);
        keel_time_format(prices[i].valid_from, text);
        text[10] = '\0'; /* the day */
        keel__table_cell(table, KEEL__PLAIN, text);
        cell_price(table, prices[i].input_nusd);
        cell_price(table, prices[i].output_nusd);
        cell_price(table, prices[i].cache_read_nusd);
        cell_price(table, prices[i].cache_creation_nusd);
        cell_price(table, prices[i].reasoning_nusd);
    }
    keel__term_init(&term, global, stdout);
    keel__table_print(table, &term, "No prices. `keel prices set MODEL --input USD --output USD'.");
    keel__table_free(table);
    if (count)
        keel__note(global, "Dollars per million tokens.");
}

static void shape(struct keel__json *json, const void *prices, size_t i)
{
    keel__shape_price(json, (const struct keel_price *)prices + i);
}

static int list(struct keel_store *store, const struct keel__global *global, const struct own *own)
{
    struct keel_result result = {0};
    struct keel_error err = {0};
    struct keel_price *prices;
    size_t count;
    int status = KEEL__EXIT_OK;
    if (keel_price_list(store, own->history, &prices, &count, &result, &err)) {
        status = keel__fail(&err);
    } else if (global->json) {
        status = keel__output_array(count, shape, prices);
    } else {
        print_table(global, prices, count);
    }
    keel_result_free(&result);
    return status;
}

static int set(struct keel_store *store, const struct keel__global *global, struct own *own)
{
    struct keel_error err = {0};
    own->price.model = own->words.word[1];
    if (!own->price.valid_from)
        own->price.valid_from = keel_time_now_us();
    if (keel_price_set(store, &own->price, keel__actor(), &err))
        return keel__fail(&err);
    if (global->json)
        printf("{\"set\":true}\n");
    else
        keel__note(global, "Calls from now on have this price; `keel costs recompute' prices "
                           "earlier ones again from its --from on.");
    return KEEL__EXIT_OK;
}

/* Price documents are small; one that is not is no price document. */
static int import(struct keel_store *store, const struct keel__global *global, const char *path)
{
    enum { MAX_BYTES = 16 << 20 };
    struct keel_error err = {0};
    int64_t added = 0;
    FILE *file = strcmp(path, "-") ? fopen(path, "rbe") : stdin;
    if (!file)
        return keel__fail_message("cannot read %s: %s", path, strerror(errno));
    char *text = malloc(MAX_BYTES);
    size_t size = text ? fread(text, 1, MAX_BYTES, file) : 0;
    bool whole = text && feof(file) && !ferror(file);
    if (file != stdin)
        fclose(file);
    int status = KEEL__EXIT_OK;
    if (!whole) {
        status = keel__fail_message("cannot read %s, or it is larger than 16 MiB", path);
    } else if (keel_price_import(store, keel_slice(text, size), keel__actor(), &added, &err)) {
        keel_error_context(&err, "%s", path);
        status = keel__fail(&err);
    } else if (global->json) {
        printf("{\"added\":%lld}\n", (long long)added);
    } else {
        printf("%lld prices added.\n", (long long)added);
    }
    free(text);
    return status;
}

static int run(const struct keel__command *self, int argc, char **argv)
{
    struct keel__global global = {0};
    struct own own = {.price = {.provider = "",
                                .input_nusd = -1,
                                .output_nusd = -1,
                                .cache_read_nusd = -1,
                                .cache_creation_nusd = -1,
                                .reasoning_nusd = -1}};
    struct keel_store *store = NULL;
    keel__parse(self, argc, argv, &global, &own);
    const char *verb = own.words.count ? own.words.word[0] : "list";
    bool lists = !strcmp(verb, "list"), sets = !strcmp(verb, "set");
    if (!lists && !sets && strcmp(verb, "import") != 0)
        return keel__usage(self, "there is no verb '%s'", verb);
    if (lists ? own.words.count > 1 : own.words.count != 2)
        return keel__usage(self, lists  ? "list takes no name"
                                 : sets ? "set takes one model"
                                        : "import takes one file, or -");
    if (sets && (own.price.input_nusd < 0 || own.price.output_nusd < 0))
        return keel__usage(self, "set wants --input and --output");
    int status = keel__store_open(&global, lists ? KEEL__READ : KEEL__WRITE, &store);
    if (status)
        return status;
    status = lists  ? list(store, &global, &own)
             : sets ? set(store, &global, &own)
                    : import(store, &global, own.words.word[1]);
    keel_store_close(store);
    return status;
}

const struct keel__command keel__cmd_prices = {
    .name = "prices",
    .args = "[list|set MODEL|import FILE]",
    .summary = "What tokens cost: list, set, import dated prices",
    .details = "Dollars per million tokens, valid from a date until the next one. MODEL is a name, "
               "or a start of names that ends in *; the exact name wins, then the longest start. "
               "Nothing is overwritten: a price that changes is a new one with its date.\n\n"
               "    keel prices set 'gpt-4o*' --input 2.50 --output 10 --cache-read 1.25\n"
               "    keel prices list --json | keel prices import -\n\n"
               "The format of FILE stands in docs/prices.md.",
    .options = options,
    .parse = parse,
    .run = run,
};
