/*
 * db/driver.h - the seam between what is said to a database and how SQLite and PostgreSQL are told.
 *
 * connection.c, query.c, transaction.c and pool.c hold all that is the same for both; a driver
 * fills the slots below. A slot returns 0 or a keel_code with err filled, and reports a lost
 * connection by db->broken = true. After a start or next that failed, finish is still called.
 */
#ifndef DB_DRIVER_H
#define DB_DRIVER_H

#include "db/connection.h"

/* One execution of a statement. */
struct keel__call {
    const struct keel_query *query;
    const struct keel_value *params; /* row-major when there are several rows */
    size_t width;                    /* parameters in a row */
    size_t row_count;
    bool streaming; /* rows are wanted one by one, there may be many */
};

/* What the database says about its transaction. */
enum keel__session {
    KEEL__IDLE,
    KEEL__OPEN,
    KEEL__FAILED /* open, but only a rollback is accepted */
};

struct keel__driver {
    enum keel_dialect dialect;
    /* Text of a BEGIN of each enum keel_tx. */
    const char *begin[2];

    /* Required. */
    int (*open)(struct keel_db *db, struct keel_error *err);
    void (*close)(struct keel_db *db);
    /* Starts one row of parameters. */
    int (*start)(struct keel_db *db, struct keel__statement *statement,
                 const struct keel__call *call, struct keel_error *err);
    /* *row: statement->cells and ->columns hold the next row; false at the end. */
    int (*next)(struct keel_db *db, struct keel__statement *statement, bool *row,
                struct keel_error *err);
    /* Ends the execution, whatever state it is in; returns how many rows it changed. */
    int64_t (*finish)(struct keel_db *db, struct keel__statement *statement);
    /* Frees statement->handle and what the server keeps of it. */
    void (*discard)(struct keel_db *db, struct keel__statement *statement);
    /* Valid from the first row until the next start. */
    const char *(*column_name)(const struct keel_db *db, const struct keel__statement *statement,
                               size_t column);
    /* One statement without parameters, its rows discarded. */
    int (*run)(struct keel_db *db, struct keel_slice sql, struct keel_error *err);
    /* BEGIN, SAVEPOINT, ROLLBACK, ...: our own text. */
    int (*control)(struct keel_db *db, const char *sql, struct keel_error *err);
    int (*commit)(struct keel_db *db, struct keel_error *err);
    enum keel__session (*session)(const struct keel_db *db);
    void (*interrupt)(struct keel_db *db); /* called on another thread */
    /* The session's settings as open made them. */
    int (*reset)(struct keel_db *db, struct keel_error *err);

    /* Optional. Starts as many of call's rows as go at once, says how many in *taken; without it,
     * rows are started one by one. Rows that come back end in the ordinal (from 1) of the row they
     * belong to. */
    int (*start_batch)(struct keel_db *db, struct keel__statement *statement,
                       const struct keel__call *call, size_t *taken, struct keel_error *err);
    /* Optional. Is the idle connection still good? Without it, always. */
    bool (*alive)(struct keel_db *db);
    /* Optional. A new session in place of a lost one; without it, a broken connection stays broken.
     */
    int (*reconnect)(struct keel_db *db, struct keel_error *err);
};

extern const struct keel__driver keel__sqlite_driver;
extern const struct keel__driver keel__postgres_driver;

#endif
