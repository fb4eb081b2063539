#include "base/clock.h"
#include "base/error.h"
#include "db/postgres.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>

enum { DEFAULT_CONNECT_TIMEOUT_S = 10 };

static void ignore_notice(void *context, const PGresult *result)
{
    (void)context;
    (void)result;
}

/* libpq's defaults of ours come before the URL, which may set them otherwise; what must hold comes
 * after it. */
static PGconn *begin_connect(const struct keel_db *db)
{
    const char *const keywords[] = {"keepalives_idle",           "keepalives_interval",
                                    "keepalives_count",          "tcp_user_timeout",
                                    "fallback_application_name", "dbname",
                                    "client_encoding",           NULL};
    const char *const values[] = {
        "30", "10", "3", "60000", db->options.application_name, db->url.target, "UTF8", NULL};
    return PQconnectStartParams(keywords, values, 1);
}

static int connect_timeout_s(PGconn *conn)
{
    int seconds = 0;
    PQconninfoOption *options = PQconninfo(conn);
    for (PQconninfoOption *o = options; o && o->keyword; o++)
        if (strcmp(o->keyword, "connect_timeout") == 0 && o->val)
            seconds = atoi(o->val);
    PQconninfoFree(options);
    return seconds > 0 ? seconds : DEFAULT_CONNECT_TIMEOUT_S;
}

/* Connects step by step: only so can the verbosity be set before the first error, and the time be
 * bounded. */
static bool finish_connect(PGconn *conn, bool *timed_out)
{
    int64_t deadline_us = keel__clock_us() + (int64_t)connect_timeout_s(conn) * 1000000;
    PostgresPollingStatusType status = PGRES_POLLING_WRITING;
    PQsetErrorVerbosity(conn, PQERRORS_VERBOSE);
    PQsetNoticeReceiver(conn, ignore_notice, NULL);
    while (status != PGRES_POLLING_OK) {
        if (status == PGRES_POLLING_FAILED || PQsocket(conn) < 0)
            return false;
        struct pollfd socket = {.fd = PQsocket(conn),
                                .events = status == PGRES_POLLING_READING ? POLLIN : POLLOUT};
        int64_t left_ms = (deadline_us - keel__clock_us()) / 1000;
        if (left_ms <= 0 || poll(&socket, 1, (int)left_ms) == 0) {
            *timed_out = true;
            return false;
        }
        status = PQconnectPoll(conn);
    }
    return true;
}

/* What keel relies on, whatever the server's, database's or role's settings are. An acknowledgement
 * means committed: so synchronous_commit is not left off. */
static int configure(struct keel_db *db, struct keel_error *err)
{
    char sql[1024];
    int used = snprintf(sql, sizeof sql,
                        "SET standard_conforming_strings = on; SET TimeZone = 'UTC'; "
                        "SET DateStyle = 'ISO, YMD'; SET IntervalStyle = 'iso_8601'; "
                        "SET bytea_output = 'hex'; SET extra_float_digits = 1; "
                        "SET client_min_messages = warning; "
                        "SELECT set_config('synchronous_commit', 'on', false) "
                        "WHERE current_setting('synchronous_commit') = 'off'; "
                        "SET statement_timeout = %d; ",
                        db->options.statement_timeout_ms);
    if (db->options.busy_timeout_ms > 0)
        used += snprintf(sql + used, sizeof sql - (size_t)used, "SET lock_timeout = %d; ",
                         db->options.busy_timeout_ms);
    if (db->options.read_only)
        snprintf(sql + used, sizeof sql - (size_t)used, "SET default_transaction_read_only = on; ");
    PGresult *result = PQexec(keel__postgres_of(db)->conn, sql);
    int rc = KEEL_OK;
    ExecStatusType status = PQresultStatus(result);
    if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK)
        rc = keel__pg_error(db, result, sql, err);
    PQclear(result);
    return rc;
}

int keel__pg_reset(struct keel_db *db, struct keel_error *err)
{
    static const char sql[] = "RESET SESSION AUTHORIZATION; RESET ROLE; RESET ALL";
    PGresult *result = PQexec(keel__postgres_of(db)->conn, sql);
    int rc = KEEL_OK;
    if (PQresultStatus(result) != PGRES_COMMAND_OK)
        rc = keel__pg_error(db, result, sql, err);
    PQclear(result);
    return rc ? rc : configure(db, err);
}

static int connect_now(struct keel_db *db, struct keel_error *err)
{
    struct keel__postgres *postgres = keel__postgres_of(db);
    bool timed_out = false;
    postgres->conn = begin_connect(db);
    if (!postgres->conn)
        return keel__nomem(err);
    if (PQstatus(postgres->conn) == CONNECTION_BAD || !finish_connect(postgres->conn, &timed_out))
        return keel__pg_connect_error(db, postgres->conn, timed_out, err);
    PQsetErrorVerbosity(postgres->conn, PQERRORS_DEFAULT);
    postgres->session++;
    postgres->cancel = PQgetCancel(postgres->conn);
    db->broken = false;
    const char *version = PQparameterStatus(postgres->conn, "server_version");
    int length = version ? (int)strcspn(version, " ") : 0;
    snprintf(db->server_version, sizeof db->server_version, "PostgreSQL %.*s", length,
             version ? version : "");
    return configure(db, err);
}

static void disconnect(struct keel__postgres *postgres)
{
    PQclear(postgres->result);
    postgres->result = NULL;
    PQfreeCancel(postgres->cancel);
    postgres->cancel = NULL;
    PQfinish(postgres->conn);
    postgres->conn = NULL;
}

int keel__pg_open(struct keel_db *db, struct keel_error *err)
{
    struct keel__postgres *postgres = calloc(1, sizeof *postgres);
    if (!postgres)
        return keel__nomem(err);
    db->handle = postgres;
    pthread_mutex_init(&postgres->cancel_lock, NULL);
    return connect_now(db, err);
}

void keel__pg_close(struct keel_db *db)
{
    struct keel__postgres *postgres = keel__postgres_of(db);
    disconnect(postgres);
    keel__pg_params_fini(&postgres->params);
    pthread_mutex_destroy(&postgres->cancel_lock);
    free(postgres);
    db->handle = NULL;
}

int keel__pg_reconnect(struct keel_db *db, struct keel_error *err)
{
    struct keel__postgres *postgres = keel__postgres_of(db);
    pthread_mutex_lock(&postgres->cancel_lock);
    disconnect(postgres);
    int rc = connect_now(db, err);
    pthread_mutex_unlock(&postgres->cancel_lock);
    if (rc)
        db->broken = true;
    return rc;
}

/* An idle connection has nothing to say: if there is something to read that is not a notice, the
 * server has closed it. */
bool keel__pg_alive(struct keel_db *db)
{
    PGconn *conn = keel__postgres_of(db)->conn;
    if (PQstatus(conn) != CONNECTION_OK)
        return false;
    struct pollfd socket = {.fd = PQsocket(conn), .events = POLLIN};
    if (poll(&socket, 1, 0) <= 0)
        return true;
    return PQconsumeInput(conn) && !PQisBusy(conn) && PQstatus(conn) == CONNECTION_OK &&
           poll(&socket, 1, 0) <= 0;
}

void keel__pg_interrupt(struct keel_db *db)
{
    struct keel__postgres *postgres = keel__postgres_of(db);
    char reason[256];
    atomic_store(&postgres->interrupted, true);
    pthread_mutex_lock(&postgres->cancel_lock);
    if (postgres->cancel)
        PQcancel(postgres->cancel, reason, sizeof reason);
    pthread_mutex_unlock(&postgres->cancel_lock);
}
