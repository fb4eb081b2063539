#include <string.h>

#include "cli/output.h"
#include "cli/table.h"
#include "store/shape.h"

struct own {
    struct keel__words words;
    int months;
};

static const struct argp_option options[] = {
    {"months", 'm', "N", 0, "create: this month and N ahead (default 3)", 0}, {0}};

static error_t parse(int key, char *arg, struct argp_state *state)
{
    struct own *own = state->input;
    if (key == 'm')
        own->months = (int)keel__number(state, "--months", arg, 0, 120);
    else if (key == ARGP_KEY_ARG)
        keel__words_add(&own->words, arg, state);
    else
        return ARGP_ERR_UNKNOWN;
    return 0;
}

static void print_table(const struct keel__global *global, const struct keel_partition *partitions,
                        size_t count)
{
    static const struct keel__column columns[] = {
        {"PARTITION", false, true}, {"TABLE", false, false},      {"FROM", false, false},
        {"UNTIL", false, false},    {"ROWS (EST.)", true, false}, {"BYTES", true, false}};
    struct keel__table *table = keel__table_new(columns, sizeof columns / sizeof *columns);
    struct keel__term term;
    char text[32];
    for (size_t i = 0; i < count; i++) {
        const struct keel_partition *partition = &partitions[i];
        keel__table_cell(table, KEEL__BOLD, partition->name);
        keel__table_cell(table, KEEL__PLAIN, partition->table);
        for (int bound = 0; bound < 2; bound++) {
            keel_time_format(bound ? partition->until : partition->from, text);
            text[10] = '\0'; /* the day */
            keel__table_cell(table, KEEL__PLAIN, partition->until ? text : "all else");
        }
        keel__human_count(partition->estimated_rows, text);
        keel__table_cell(table, KEEL__PLAIN, text);
        keel__human_count(partition->bytes, text);
        keel__table_cell(table, KEEL__PLAIN, text);
    }
    keel__term_init(&term, global, stdout);
    keel__table_print(table, &term, "No partitions.");
    keel__table_free(table);
}

static void shape(struct keel__json *json, const void *partitions, size_t i)
{
    keel__shape_partition(json, (const struct keel_partition *)partitions + i);
}

static int list(struct keel_store *store, const struct keel__global *global)
{
    struct keel_result result = {0};
    struct keel_error err = {0};
    struct keel_partition *partitions;
    size_t count;
    int status = KEEL__EXIT_OK;
    if (keel_partition_list(store, &partitions, &count, &result, &err)) {
        status = keel__fail(&err);
    } else if (global->json) {
        status = keel__output_array(count, shape, partitions);
    } else {
        print_table(global, partitions, count);
    }
    keel_result_free(&result);
    return status;
}

static int create(struct keel_store *store, const struct keel__global *global, int months)
{
    struct keel_error err = {0};
    int64_t created = 0;
    if (keel_partition_create(store, months, &created, &err))
        return keel__fail(&err);
    if (global->json)
        printf("{\"created\":%lld}\n", (long long)created);
    else
        printf("%lld partitions created.\n", (long long)created);
    return KEEL__EXIT_OK;
}

static int run(const struct keel__command *self, int argc, char **argv)
{
    struct keel__global global = {0};
    struct own own = {.months = 3};
    struct keel_store *store = NULL;
    keel__parse(self, argc, argv, &global, &own);
    const char *verb = own.words.count ? own.words.word[0] : "list";
    bool creates = !strcmp(verb, "create");
    if ((!creates && strcmp(verb, "list") != 0) || own.words.count > 1)
        return keel__usage(self, "list or create, not '%s'", own.words.word[own.words.count - 1]);
    int status = keel__store_open(&global, creates ? KEEL__WRITE : KEEL__READ, &store);
    if (status)
        return status;
    status = creates ? create(store, &global, own.months) : list(store, &global);
    keel_store_close(store);
    return status;
}

const struct keel__command keel__cmd_partitions = {
    .name = "partitions",
    .args = "[list|create]",
    .summary = "Monthly partitions of a PostgreSQL store",
    .details = "Runs, and all that belongs to them, are partitioned by month on the time in the "
               "run's id (UUIDv7). Rows of a month without a partition go to the default "
               "partition; create moves them out. Run it monthly, or with --months 12 yearly.\n\n"
               "SQLite has no partitions.",
    .options = options,
    .parse = parse,
    .run = run,
};
