/*
 * db/postgres.h - what the files of the PostgreSQL driver share.
 *
 * Parameters are always sent in binary. Results come in binary where the statement declares its
 * columns, so that each is of a known type, and as text otherwise, because libpq has one format for
 * all columns of a result and there are types that only the server can turn into text. Formats:
 * https://www.postgresql.org/docs/15/protocol-message-formats.html and the *_send functions in
 * PostgreSQL's src/backend/utils/adt.
 */
#ifndef DB_POSTGRES_H
#define DB_POSTGRES_H

#include "base/str.h"
#include "db/driver.h"

#include <libpq-fe.h>
#include <pthread.h>
#include <stdatomic.h>

/* Types of pg_type.dat that have a format of their own here. */
enum {
    KEEL__PG_BOOL = 16,
    KEEL__PG_BYTEA = 17,
    KEEL__PG_CHAR = 18,
    KEEL__PG_NAME = 19,
    KEEL__PG_INT8 = 20,
    KEEL__PG_INT2 = 21,
    KEEL__PG_INT4 = 23,
    KEEL__PG_TEXT = 25,
    KEEL__PG_OID = 26,
    KEEL__PG_JSON = 114,
    KEEL__PG_XML = 142,
    KEEL__PG_FLOAT4 = 700,
    KEEL__PG_FLOAT8 = 701,
    KEEL__PG_UNKNOWN = 705,
    KEEL__PG_BPCHAR = 1042,
    KEEL__PG_VARCHAR = 1043,
    KEEL__PG_TIMESTAMP = 1114,
    KEEL__PG_TIMESTAMPTZ = 1184,
    KEEL__PG_NUMERIC = 1700,
    KEEL__PG_UUID = 2950,
    KEEL__PG_JSONB = 3802,
};

enum { KEEL__PG_SCALAR_BYTES = 24 }; /* of the largest value that is not bytes: a money numeric */

/* Parameters as libpq wants them. */
struct keel__pg_params {
    size_t capacity;
    Oid *types;
    const char **values;
    int *lengths;
    int *formats;                           /* all 1 */
    char (*scalars)[KEEL__PG_SCALAR_BYTES]; /* a place for each value that is not bytes */
    struct keel__str *buffers;              /* a buffer for each JSON value or array */
};

struct keel__postgres {
    PGconn *conn;
    pthread_mutex_t cancel_lock; /* cancel may be used by another thread while we reconnect */
    PGcancel *cancel;
    atomic_bool interrupted; /* keel_db_interrupt during the statement under way */
    PGresult *result;        /* of the statement under way or just done */
    int row_count, row_index;
    bool streaming; /* more results are to be fetched */
    int64_t changed;
    uint64_t
        session; /* counts reconnects: a statement prepared in another session is not in this one */
    uint64_t prepared; /* counts statements, for their names */
    struct keel__pg_params params;
};

/* A statement's own part. It is prepared on the server at its second use, so that one that is used
 * once takes one round trip. */
struct keel__pg_statement {
    char name[48];
    uint64_t uses;
    uint64_t session; /* that it is prepared in; 0: none */
};

static inline struct keel__postgres *keel__postgres_of(const struct keel_db *db)
{
    return db->handle;
}

/* postgres_connect.c */
int keel__pg_open(struct keel_db *db, struct keel_error *err);
void keel__pg_close(struct keel_db *db);
int keel__pg_reconnect(struct keel_db *db, struct keel_error *err);
bool keel__pg_alive(struct keel_db *db);
void keel__pg_interrupt(struct keel_db *db);
int keel__pg_reset(struct keel_db *db, struct keel_error *err);

/* postgres_error.c */
/* Fills err from a failed result (NULL: from the connection) and marks a lost connection. sql (may
 * be NULL) is the text that the server's position counts in. */
int keel__pg_error(struct keel_db *db, const PGresult *result, const char *sql,
                   struct keel_error *err);
/* The code of an SQLSTATE. */
enum keel_code keel__pg_code(const char *sqlstate);
/* Of a connection attempt that failed. */
int keel__pg_connect_error(struct keel_db *db, PGconn *conn, bool timed_out,
                           struct keel_error *err);

/* postgres_encode.c */
void keel__pg_params_fini(struct keel__pg_params *params);
/* Fills params from one row of values; types are the declared enum keel_type. */
int keel__pg_encode(struct keel__pg_params *params, const uint8_t *types,
                    const struct keel_value *values, size_t count, struct keel_error *err);
/* Fills params with one array a column, of as many rows as fit in max_bytes (at least one); how
 * many in *taken. */
int keel__pg_encode_arrays(struct keel__pg_params *params, const struct keel__call *call,
                           size_t max_bytes, size_t *taken, struct keel_error *err);
/* postgres_decode.c */
/* Reads row of result into statement's cells. Bytes are borrowed from result or kept in arena. */
int keel__pg_decode(struct keel__statement *statement, const PGresult *result, int row,
                    struct keel__arena *arena, struct keel_error *err);

/* postgres_numeric.c */
/* Nano-dollars as numeric's binary format; returns its size, at most KEEL__PG_SCALAR_BYTES. */
size_t keel__pg_numeric_encode(char *out, int64_t nusd);
/* A numeric of the binary format as what is declared: INT when it is whole, MONEY rounded to
 * nano-dollars half away from zero, DOUBLE; as TEXT in arena when it does not fit, or when
 * something else is declared. False when the bytes are wrong. */
bool keel__pg_numeric_decode(struct keel_value *out, struct keel_slice bytes,
                             enum keel_type declared, struct keel__arena *arena);

#endif
