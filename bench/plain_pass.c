/* What an audit is measured against: one SELECT over every table of a database, whose values are
 * fetched and thrown away. plain_pass URL prints tables, rows, bytes and seconds. */
#include <keel/schema.h>

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

struct pass {
    int64_t rows, bytes;
};

static int add(void *context, const struct keel_row *row, struct keel_error *err)
{
    (void)err;
    struct pass *pass = context;
    size_t count = keel_row_columns(row);
    for (size_t i = 0; i < count; i++)
        pass->bytes += keel_row_type(row, i) == KEEL_TEXT || keel_row_type(row, i) == KEEL_BYTES
                           ? (int64_t)keel_row_bytes(row, i).size
                           : 8;
    pass->rows++;
    return 0;
}

static int read_table(struct pass *pass, struct keel_db *db, const struct keel_table_model *table,
                      struct keel_error *err)
{
    char sql[512];
    snprintf(sql, sizeof sql, "SELECT * FROM %s%s%s\"%s\"", table->schema ? "\"" : "",
             table->schema ? table->schema : "", table->schema ? "\"." : "", table->name);
    struct keel_query query = {.name = "plain_pass", .sqlite = sql, .postgres = sql};
    return keel_db_each(db, &query, KEEL_NO_PARAMS, add, pass, err);
}

int main(int argc, char **argv)
{
    struct keel_error err = {0};
    struct keel_db *db = NULL;
    struct keel_schema *schema = NULL;
    struct keel_db_options how = {.read_only = true, .must_exist = true, .foreign = true};
    struct pass pass = {0};
    struct timespec from, until;
    size_t tables = 0;
    if (argc != 2)
        return 2;
    int rc = keel_db_open(&db, argv[1], &how, &err);
    if (!rc)
        rc = keel_schema_read(&schema, db, NULL, &err);
    clock_gettime(CLOCK_MONOTONIC, &from);
    for (size_t i = 0; !rc && i < schema->table_count; i++) {
        const struct keel_table_model *table = &schema->tables[i];
        if (table->kind != KEEL_TABLE_PLAIN && table->kind != KEEL_TABLE_PARTITIONED)
            continue;
        rc = read_table(&pass, db, table, &err);
        tables++;
    }
    clock_gettime(CLOCK_MONOTONIC, &until);
    if (rc)
        fprintf(stderr, "%s\n", err.message);
    else
        printf("{\"tables\": %zu, \"rows\": %" PRId64 ", \"bytes\": %" PRId64
               ", \"seconds\": %.6f}\n",
               tables, pass.rows, pass.bytes,
               (double)(until.tv_sec - from.tv_sec) + (double)(until.tv_nsec - from.tv_nsec) / 1e9);
    keel_schema_free(schema);
    keel_db_close(db);
    return rc ? 1 : 0;
}
