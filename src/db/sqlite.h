/*
 * db/sqlite.h - what the files of the SQLite driver share.
 */
#ifndef DB_SQLITE_H
#define DB_SQLITE_H

#include "db/driver.h"

#include <sqlite3.h>
#include <stdatomic.h>

struct keel__sqlite {
    sqlite3 *handle;
    int64_t busy_timeout_us;
    int64_t statement_timeout_us; /* 0: none */
    int64_t deadline_us;          /* of the statement under way, keel__clock_us(); 0: none */
    int64_t busy_since_us;
    bool timed_out;
    atomic_bool interrupted; /* keel_db_interrupt during the statement under way */
    int64_t changes_before;
    bool leave_no_wal; /* there was no -wal file when another program's database was opened to read
                        */
};

/* A prepared statement's own part. */
struct keel__sqlite_statement {
    sqlite3_stmt *stmt;
    int *positions; /* of $1, $2, ... among SQLite's parameters; 0 where the text does not use it */
};

static inline struct keel__sqlite *keel__sqlite_of(const struct keel_db *db)
{
    return db->handle;
}

int keel__sqlite_open(struct keel_db *db, struct keel_error *err);
int keel__sqlite_reset(struct keel_db *db, struct keel_error *err);
void keel__sqlite_close(struct keel_db *db);
/* Fills err from the connection's last error and what is known about the file. */
int keel__sqlite_error(struct keel_db *db, int result, struct keel_error *err);
/* Why path cannot be opened, looked up in the file system; 0 when nothing is found to be wrong with
 * it. */
int keel__sqlite_check_path(const char *path, const struct keel_db_options *options,
                            struct keel_error *err);
/* Starts the clock of the statement timeout. */
void keel__sqlite_arm(struct keel__sqlite *sqlite);

#endif
