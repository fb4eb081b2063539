/*
 * db/connection.h - what a struct keel_db consists of. For src/db only.
 */
#ifndef DB_CONNECTION_H
#define DB_CONNECTION_H

#include "base/arena.h"
#include "db/statement.h"
#include "db/url.h"

#include <keel/db.h>

enum { KEEL__MAX_TX_DEPTH = 64 };

struct keel__driver;

struct keel_row {
    struct keel_db *db;
    struct keel__statement *statement;
    const struct keel_value *cells;
    size_t columns;
};

struct keel__tx_frame {
    enum keel_tx kind;
    const char *file;
    int line;
};

struct keel_db {
    const struct keel__driver *driver;
    void *handle; /* the driver's */
    struct keel__url url;
    struct keel_db_options options;
    char *application_name;
    char server_version[64];

    struct keel__statements statements;
    struct keel__arena scratch; /* copies and conversions of the current row */
    struct keel_row row;

    struct keel__tx_frame tx[KEEL__MAX_TX_DEPTH];
    int depth;
    bool tx_lost; /* the database ended the transaction by itself */
    bool broken;  /* the connection is lost */
    bool in_each; /* a callback is looking at rows */

    struct keel__lane *lane; /* of the pool it belongs to, or NULL */
};

/* Before a statement: is the connection usable? Reconnects a broken one outside a transaction. */
int keel__db_ready(struct keel_db *db, struct keel_error *err);
/* After a failed statement: has the database ended the transaction? */
void keel__db_after_error(struct keel_db *db);
/* Rolls everything back. */
void keel__db_rollback_all(struct keel_db *db);

#endif
