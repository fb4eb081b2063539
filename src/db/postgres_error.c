#include "base/error.h"
#include "db/postgres.h"

#include <stdio.h>
#include <stdlib.h>

/* https://www.postgresql.org/docs/15/errcodes-appendix.html; the longest match wins. */
static const struct {
    const char *prefix;
    enum keel_code code;
} codes[] = {
    {"40001", KEEL_BUSY},    /* serialization_failure */
    {"40P01", KEEL_BUSY},    /* deadlock_detected */
    {"55P03", KEEL_BUSY},    /* lock_not_available */
    {"55006", KEEL_BUSY},    /* object_in_use */
    {"53300", KEEL_BUSY},    /* too_many_connections */
    {"57P03", KEEL_BUSY},    /* cannot_connect_now */
    {"53200", KEEL_NOMEM},   /* out_of_memory */
    {"08P01", KEEL_INVALID}, /* protocol_violation: wrong number of parameters */
    {"3D000", KEEL_NOTFOUND},   {"3F000", KEEL_INVALID}, /* invalid_schema_name */
    {"42P04", KEEL_CONFLICT}, /* duplicate_database, _schema, _table, _object, _column, _function */
    {"42P06", KEEL_CONFLICT},   {"42P07", KEEL_CONFLICT},
    {"42710", KEEL_CONFLICT},   {"42701", KEEL_CONFLICT},
    {"42723", KEEL_CONFLICT},   {"42501", KEEL_IO}, /* insufficient_privilege */
    {"25P02", KEEL_CONFLICT},                       /* in_failed_sql_transaction */
    {"P0001", KEEL_CONSTRAINT},                     /* raise_exception: a trigger's refusal */
    {"0A", KEEL_UNSUPPORTED},   {"21", KEEL_INVALID},
    {"22", KEEL_INVALID},       {"23", KEEL_CONSTRAINT},
    {"25", KEEL_INVALID},       {"27", KEEL_CONSTRAINT},
    {"2F", KEEL_INVALID},       {"42", KEEL_INVALID},
    {"44", KEEL_CONSTRAINT},    {"54", KEEL_INVALID},
};

enum keel_code keel__pg_code(const char *sqlstate)
{
    for (size_t i = 0; i < sizeof codes / sizeof *codes; i++)
        if (strncmp(sqlstate, codes[i].prefix, strlen(codes[i].prefix)) == 0)
            return codes[i].code;
    return KEEL_IO;
}

static const char *hint(const char *sqlstate)
{
    if (strcmp(sqlstate, "42501") == 0)
        return "; ask the owner of the database for the permission";
    if (strcmp(sqlstate, "53100") == 0)
        return "; the server's disk is full";
    if (strcmp(sqlstate, "53300") == 0)
        return "; raise the server's max_connections or use fewer connections";
    if (strncmp(sqlstate, "57P0", 4) == 0)
        return "; the server ended the connection, try again";
    return "";
}

/* The server counts characters; an error says bytes. */
static int byte_position(const char *sql, const char *characters)
{
    int left = characters && sql ? atoi(characters) - 1 : -1;
    if (left < 0)
        return 0;
    const char *at = sql;
    while (*at && left > 0) {
        at++;
        while (((unsigned char)*at & 0xC0) == 0x80)
            at++;
        left--;
    }
    return (int)(at - sql) + 1;
}

static void mark_broken(struct keel_db *db)
{
    if (PQstatus(keel__postgres_of(db)->conn) == CONNECTION_BAD)
        db->broken = true;
}

int keel__pg_error(struct keel_db *db, const PGresult *result, const char *sql,
                   struct keel_error *err)
{
    mark_broken(db);
    const char *sqlstate = result ? PQresultErrorField(result, PG_DIAG_SQLSTATE) : NULL;
    const char *message = result ? PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY) : NULL;
    if (!sqlstate || !message) {
        if (db->broken)
            return keel_error_set(err, KEEL_IO,
                                  "the connection to %s was lost: is the server still running?",
                                  db->url.display);
        return keel_error_set(err, KEEL_IO, "%s", PQerrorMessage(keel__postgres_of(db)->conn));
    }
    enum keel_code code = keel__pg_code(sqlstate);
    bool canceled = strcmp(sqlstate, "57014") == 0;
    bool interrupted = canceled && atomic_load(&keel__postgres_of(db)->interrupted);
    /* The server's message says which it was, but in its own language. Neither by us: a timeout
     * that was set elsewhere, or somebody else's pg_cancel_backend; then its words are all there
     * is. */
    if (canceled && db->options.statement_timeout_ms > 0 && !interrupted)
        keel_error_set(err, code, "stopped after the statement timeout of %d ms",
                       db->options.statement_timeout_ms);
    else if (interrupted)
        keel_error_set(err, code, "interrupted");
    else
        keel_error_set(err, code, "%s%s", message, hint(sqlstate));
    if (err) {
        snprintf(err->sqlstate, sizeof err->sqlstate, "%s", sqlstate);
        err->position = byte_position(sql, PQresultErrorField(result, PG_DIAG_STATEMENT_POSITION));
    }
    return (int)code;
}

/* libpq keeps the SQLSTATE of a refused connection to itself, except in a verbose message: "FATAL:
 * 28P01: password authentication failed ...". The words may be in any language, the state is not.
 */
static bool find_sqlstate(const char *message, char sqlstate[6], const char **rest)
{
    for (const char *at = strstr(message, ":  "); at; at = strstr(at + 1, ":  ")) {
        const char *state = at + 3;
        if (strspn(state, "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ") == 5 && state[5] == ':') {
            memcpy(sqlstate, state, 5);
            sqlstate[5] = '\0';
            *rest = state + 6 + strspn(state + 6, " ");
            return true;
        }
    }
    return false;
}

static int refused(struct keel_db *db, const char *sqlstate, const char *message,
                   struct keel_error *err)
{
    int length = (int)strcspn(message, "\n"); /* a verbose message's LOCATION follows */
    const char *url = db->url.display;
    enum keel_code code = keel__pg_code(sqlstate);
    if (strcmp(sqlstate, "28P01") == 0)
        keel_error_set(err, code,
                       "%s: %.*s; check the user and the password in the URL, in PGPASSWORD or in "
                       "~/.pgpass",
                       url, length, message);
    else if (strncmp(sqlstate, "28", 2) == 0)
        keel_error_set(err, code,
                       "%s: %.*s; check the user in the URL and the server's pg_hba.conf", url,
                       length, message);
    else if (strcmp(sqlstate, "3D000") == 0)
        keel_error_set(err, code, "%s: %.*s; create it with 'createdb'", url, length, message);
    else
        keel_error_set(err, code, "%s: %.*s%s", url, length, message, hint(sqlstate));
    if (err)
        snprintf(err->sqlstate, sizeof err->sqlstate, "%s", sqlstate);
    return (int)code;
}

int keel__pg_connect_error(struct keel_db *db, PGconn *conn, bool timed_out, struct keel_error *err)
{
    const char *url = db->url.display;
    char sqlstate[6];
    const char *rest;
    if (timed_out)
        return keel_error_set(
            err, KEEL_IO,
            "%s did not answer in time: check the host and port, and that no firewall "
            "is between",
            url);
    const char *message = PQerrorMessage(conn);
    if (find_sqlstate(message, sqlstate, &rest))
        return refused(db, sqlstate, rest, err);
    if (PQconnectionNeedsPassword(conn))
        return keel_error_set(
            err, KEEL_IO,
            "%s asks for a password: put it in the URL, in PGPASSWORD or in ~/.pgpass", url);
    int length = (int)strcspn(message, "\n");
    return keel_error_set(err, KEEL_IO, "cannot reach %s: %.*s; is the server running there?", url,
                          length, message);
}
