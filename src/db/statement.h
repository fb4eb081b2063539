/*
 * db/statement.h - prepared statements of one connection, kept for the next time.
 *
 * They are found by their text and the types of their parameters. At most KEEL__MAX_STATEMENTS are
 * kept, the least recently used goes first.
 */
#ifndef DB_STATEMENT_H
#define DB_STATEMENT_H

#include <keel/db.h>

enum { KEEL__MAX_STATEMENTS = 256 };

struct keel__statement {
    char *sql; /* NUL-terminated */
    size_t sql_size;
    uint64_t hash;        /* of sql and param_types */
    uint8_t *param_types; /* enum keel_type */
    size_t param_count;
    bool is_batch;

    /* Of the execution under way. */
    const enum keel_type *returns;
    size_t return_count;
    struct keel_value *cells;
    size_t columns, cell_capacity;

    void *handle; /* the driver's; NULL before the first start */

    struct keel__statement *bucket_next;
    struct keel__statement *newer, *older;
};

struct keel__statements {
    struct keel__statement *buckets[512];
    struct keel__statement *newest, *oldest;
    size_t count;
};

/* The statement of query on db, new or from the cache. The types of undeclared parameters are those
 * of params. is_batch: its parameters are arrays where the driver has them. */
int keel__statement_get(struct keel__statement **out, struct keel_db *db,
                        const struct keel_query *query, const struct keel_value *params,
                        size_t count, bool is_batch, struct keel_error *err);
/* Frees one, or all, on the server as well. */
void keel__statement_drop(struct keel_db *db, struct keel__statement *statement);
void keel__statements_drop_all(struct keel_db *db);
/* Room for so many cells. */
int keel__statement_cells(struct keel__statement *statement, size_t columns,
                          struct keel_error *err);

#endif
