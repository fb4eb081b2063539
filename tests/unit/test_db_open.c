#include "db/url.h"
#include "testdb.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static void assert_url(const char *text, enum keel_dialect dialect, const char *target,
                       const char *display)
{
    struct keel__url url;
    struct keel_error err;
    assert_ok(keel__url_parse(&url, text, &err), &err);
    assert_int_equal(url.dialect, dialect);
    assert_string_equal(url.target, target ? target : text);
    assert_string_equal(url.display, display);
    keel__url_fini(&url);
}

static void urls(void **state)
{
    (void)state;
    assert_url("keel.db", KEEL_SQLITE, "keel.db", "sqlite:keel.db");
    assert_url("/a b/x=y.db", KEEL_SQLITE, "/a b/x=y.db", "sqlite:/a b/x=y.db");
    assert_url("odd=name.db", KEEL_SQLITE, "odd=name.db", "sqlite:odd=name.db");
    assert_url("sqlite:x.db", KEEL_SQLITE, "x.db", "sqlite:x.db");
    assert_url("sqlite:/x.db", KEEL_SQLITE, "/x.db", "sqlite:/x.db");
    assert_url("sqlite:///x.db", KEEL_SQLITE, "/x.db", "sqlite:/x.db");
    assert_url(":memory:", KEEL_SQLITE, ":memory:", "sqlite::memory:");
    assert_url("sqlite::memory:", KEEL_SQLITE, ":memory:", "sqlite::memory:");
    assert_url("postgres://u:s3cret@h:5433/d", KEEL_POSTGRES, NULL, "postgres://u:***@h:5433/d");
    assert_url("postgresql://h/d?password=s3cret&user=u", KEEL_POSTGRES, NULL,
               "postgres://u:***@h/d");
    assert_url("postgres:///d?host=/run/pg", KEEL_POSTGRES, NULL, "postgres:///d?host=/run/pg");
    assert_url("host=h dbname=d password='s3 cret'", KEEL_POSTGRES, NULL, "postgres://:***@h/d");
    assert_url("  dbname = d", KEEL_POSTGRES, NULL, "postgres:///d");
}

static void bad_urls(void **state)
{
    (void)state;
    struct keel__url url;
    struct keel_error err;
    assert_error(keel__url_parse(&url, "", &err), KEEL_INVALID, &err, "empty");
    assert_error(keel__url_parse(&url, NULL, &err), KEEL_INVALID, &err, "empty");
    assert_error(keel__url_parse(&url, "sqlite:", &err), KEEL_INVALID, &err, "path is empty");
    assert_error(keel__url_parse(&url, "mysql://h/d", &err), KEEL_INVALID, &err, "'mysql'");
    assert_error(keel__url_parse(&url, "file:x.db?mode=ro", &err), KEEL_INVALID, &err, "'file'");
    assert_error(keel__url_parse(&url, "postgres://u:s3cret@[h/d", &err), KEEL_INVALID, &err,
                 "postgres://user@host");
    assert_null(strstr(err.message, "s3cret"));
    assert_error(keel__url_parse(&url, "host=h password=s3cret nonsense", &err), KEEL_INVALID, &err,
                 "dbname=");
    assert_null(strstr(err.message, "s3cret"));
}

static void default_url(void **state)
{
    (void)state;
    unsetenv("KEEL_DATABASE_URL");
    unsetenv("DATABASE_URL");
    assert_string_equal(keel_db_default_url(NULL), "keel.db");
    setenv("DATABASE_URL", "two", 1);
    assert_string_equal(keel_db_default_url(NULL), "two");
    setenv("KEEL_DATABASE_URL", "one", 1);
    assert_string_equal(keel_db_default_url(NULL), "one");
    assert_string_equal(keel_db_default_url("given"), "given");
    setenv("KEEL_DATABASE_URL", "", 1);
    assert_string_equal(keel_db_default_url(NULL), "two");
    unsetenv("KEEL_DATABASE_URL");
    unsetenv("DATABASE_URL");
}

static void assert_refused(const char *url, const struct keel_db_options *options,
                           enum keel_code code, const char *message)
{
    struct keel_db *db;
    struct keel_error err;
    assert_error(keel_db_open(&db, url, options, &err), code, &err, message);
    assert_null(db);
}

static const char *in_folder(const struct testdb *t, const char *name)
{
    static char path[512];
    snprintf(path, sizeof path, "%s/%s", t->folder, name);
    return path;
}

static void write_file(const char *path, const char *text, size_t size)
{
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(text, 1, size, file), size);
    fclose(file);
}

static void sqlite_files_that_do_not_open(void **state)
{
    struct testdb *t = *state;
    if (t->dialect != KEEL_SQLITE)
        return;
    const struct keel_db_options existing = {.must_exist = true}, read_only = {.read_only = true};
    assert_refused(in_folder(t, "none.db"), &existing, KEEL_NOTFOUND, "does not exist");
    assert_refused(in_folder(t, "none.db"), &read_only, KEEL_NOTFOUND, "does not exist");
    assert_int_not_equal(access(in_folder(t, "none.db"), F_OK), 0);
    assert_refused(in_folder(t, "no/such/x.db"), NULL, KEEL_NOTFOUND, "mkdir -p");
    assert_refused(t->folder, NULL, KEEL_INVALID, "is a folder");
    assert_refused(in_folder(t, "test.db/x.db"), NULL, KEEL_IO, "Not a directory");
    write_file(in_folder(t, "text.db"),
               "this is a text, and a fairly long one, but no database at all "
               "............................................",
               100);
    assert_refused(in_folder(t, "text.db"), NULL, KEEL_IO, "is not a SQLite database");
    assert_refused(in_folder(t, "text.db"), &read_only, KEEL_IO, "is not a SQLite database");
    assert_refused("/dev/null", NULL, KEEL_INVALID, "not a regular file");
}

static void a_damaged_file(void **state)
{
    struct testdb *t = *state;
    if (t->dialect != KEEL_SQLITE)
        return;
    testdb_sql(t, "CREATE TABLE t (i integer)", NULL);
    keel_db_close(t->db);
    t->db = NULL;
    int fd = open(t->path, O_WRONLY);
    char noise[4000];
    memset(noise, 0x5A, sizeof noise);
    assert_int_equal(pwrite(fd, noise, sizeof noise, 100), sizeof noise);
    close(fd);
    struct keel_db *db;
    int rc = keel_db_open(&db, t->path, NULL, &t->err);
    if (!rc)
        rc = keel_db_run(db, keel_slice_of("SELECT * FROM t"), &t->err);
    assert_error(rc, KEEL_IO, &t->err, "damaged");
    keel_db_close(db);
}

static void a_locked_file(void **state)
{
    struct testdb *t = *state;
    if (t->dialect != KEEL_SQLITE)
        return;
    const struct keel_db_options impatient = {.busy_timeout_ms = 50};
    testdb_sql(t, "PRAGMA journal_mode=DELETE", NULL);
    assert_ok(keel_db_run(t->db, keel_slice_of("BEGIN EXCLUSIVE"), &t->err), &t->err);
    assert_refused(t->path, &impatient, KEEL_BUSY, "locked by another");
    assert_ok(keel_db_run(t->db, keel_slice_of("ROLLBACK"), &t->err), &t->err);
    keel_db_close(testdb_connect(t, &impatient));
}

/* Permissions do not hold for root, so another user tries. Exits with 0 when it went as it should.
 */
static void as_nobody(const char *url, const struct keel_db_options *options, const char *message)
{
    pid_t child = fork();
    if (child == 0) {
        struct keel_db *db;
        struct keel_error err;
        if (geteuid() == 0 && (setegid(65534) != 0 || seteuid(65534) != 0))
            _exit(3);
        int rc = keel_db_open(&db, url, options, &err);
        if (message ? rc == KEEL_IO && strstr(err.message, message) : rc == 0)
            _exit(0);
        fprintf(stderr, "got %d: %s\n", rc, rc ? err.message : "");
        _exit(1);
    }
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
}

static void permissions(void **state)
{
    struct testdb *t = *state;
    if (t->dialect != KEEL_SQLITE)
        return;
    testdb_sql(t, "PRAGMA journal_mode=DELETE", NULL);
    chmod(t->folder, 0755);
    chmod(t->path, 0444);
    as_nobody(t->path, NULL, "cannot write");
    as_nobody(t->path, &(struct keel_db_options){.read_only = true}, NULL);
    as_nobody(in_folder(t, "new.db"), NULL, "not writable");
    chmod(t->path, 0644);
    testdb_sql(t, "PRAGMA journal_mode=WAL", NULL);
    keel_db_close(t->db);
    t->db = NULL;
    as_nobody(t->path, &(struct keel_db_options){.read_only = true}, "copy it");
    chmod(t->path, 0);
    as_nobody(t->path, &(struct keel_db_options){.read_only = true}, "cannot read");
}

static void sqlite_settings(void **state)
{
    struct testdb *t = *state;
    if (t->dialect != KEEL_SQLITE)
        return;
    assert_int_equal(testdb_int(t, "PRAGMA foreign_keys"), 1);
    assert_int_equal(testdb_int(t, "PRAGMA synchronous"), 2);
    assert_int_equal(testdb_int(t, "PRAGMA trusted_schema"), 0);
    const struct keel_row *row;
    const struct keel_query mode = {.name = "mode", .sqlite = "PRAGMA journal_mode"};
    assert_ok(keel_db_one(t->db, &mode, KEEL_NO_PARAMS, &row, &t->err), &t->err);
    assert_memory_equal(keel_row_text(row, 0).data, "wal", 3);
    struct keel_db *db;
    assert_ok(keel_db_open(&db, in_folder(t, "foreign.db"),
                           &(struct keel_db_options){.foreign = true}, &t->err),
              &t->err);
    assert_ok(keel_db_one(db, &mode, KEEL_NO_PARAMS, &row, &t->err), &t->err);
    assert_memory_equal(keel_row_text(row, 0).data, "delete", 6);
    assert_ok(keel_db_run(db, keel_slice_of("CREATE TABLE t (s TEXT CHECK (s IN (\"a\", \"b\")))"),
                          &t->err),
              &t->err);
    assert_ok(
        keel_db_run(db, keel_slice_of("CREATE VIEW v AS SELECT \"text\" AS x FROM t"), &t->err),
        &t->err);
    assert_ok(keel_db_run(db, keel_slice_of("SELECT * FROM v"), &t->err), &t->err);
    assert_ok(keel_db_run(db, keel_slice_of("VACUUM"), &t->err), &t->err);
    keel_db_close(db);
#ifdef KEEL_SQLITE_BUNDLED
    assert_null(keel_db_sqlite_warning());
#endif
}

/* Many processes open a new database at once, and all of them get it. */
static void concurrent_creation(void **state)
{
    struct testdb *t = *state;
    if (t->dialect != KEEL_SQLITE)
        return;
    for (int round = 0; round < 5; round++) {
        char name[32], path[512];
        snprintf(name, sizeof name, "new%d.db", round);
        snprintf(path, sizeof path, "%s", in_folder(t, name));
        pid_t children[8];
        for (int i = 0; i < 8; i++) {
            children[i] = fork();
            if (children[i] == 0) {
                struct keel_db *db;
                struct keel_error err;
                int rc = keel_db_open(&db, path, NULL, &err);
                if (!rc)
                    rc = keel_db_run(db, keel_slice_of("CREATE TABLE IF NOT EXISTS t (i integer)"),
                                     &err);
                if (rc)
                    fprintf(stderr, "%s\n", err.message);
                _exit(rc);
            }
        }
        for (int i = 0; i < 8; i++) {
            int status;
            assert_int_equal(waitpid(children[i], &status, 0), children[i]);
            assert_int_equal(status, 0);
        }
    }
}

static void with_part(char *out, size_t size, const char *url, const char *part)
{
    snprintf(out, size, "%s%s%s", url, strchr(url, '?') ? "&" : "?", part);
}

static void postgres_servers_that_do_not_answer(void **state)
{
    struct testdb *t = *state;
    if (t->dialect != KEEL_POSTGRES)
        return;
    char url[700];
    with_part(url, sizeof url, t->url, "dbname=no_such_database");
    assert_refused(url, NULL, KEEL_NOTFOUND, "createdb");
    with_part(url, sizeof url, t->url, "port=1");
    assert_refused(url, NULL, KEEL_IO, "is the server running there?");
    with_part(url, sizeof url, t->url, "host=no-such-host.invalid");
    assert_refused(url, NULL, KEEL_IO, "no-such-host.invalid");
    with_part(url, sizeof url, t->url, "sslmode=require");
    assert_refused(url, NULL, KEEL_IO, "SSL");
    if (strstr(t->url, "127.0.0.1")) { /* the test server asks for a password there */
        with_part(url, sizeof url, t->url, "password=wrong");
        assert_refused(url, NULL, KEEL_IO, "check the user and the password");
        with_part(url, sizeof url, t->url, "user=nobody_here");
        assert_refused(url, NULL, KEEL_IO, "password");
        const char *at = strchr(t->url, '@');
        snprintf(url, sizeof url, "postgres://postgres%s&passfile=/no/such/file", at);
        assert_refused(url, NULL, KEEL_IO, "asks for a password");
    }
}

/* A server that takes the connection and says nothing. */
static void postgres_server_that_is_silent(void **state)
{
    struct testdb *t = *state;
    if (t->dialect != KEEL_POSTGRES)
        return;
    int listener = socket(AF_INET, SOCK_STREAM, 0);
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;
    assert_int_equal(bind(listener, (struct sockaddr *)&address, size), 0);
    assert_int_equal(listen(listener, 5), 0);
    assert_int_equal(getsockname(listener, (struct sockaddr *)&address, &size), 0);
    char url[100];
    snprintf(url, sizeof url, "postgres://127.0.0.1:%d/x?connect_timeout=1",
             ntohs(address.sin_port));
    int64_t before_us = keel_time_now_us();
    assert_refused(url, NULL, KEEL_IO, "did not answer in time");
    assert_in_range(keel_time_now_us() - before_us, 900000, 10000000);
    close(listener);
}

static void postgres_settings(void **state)
{
    struct testdb *t = *state;
    if (t->dialect != KEEL_POSTGRES)
        return;
    testdb_sql(t,
               "DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET synchronous_commit = off', "
               "current_database()); "
               "EXECUTE format('ALTER DATABASE %I SET timezone = ''Asia/Tokyo''', "
               "current_database()); END $$",
               NULL);
    struct keel_db *db = testdb_connect(
        t, &(struct keel_db_options){.application_name = "tester", .read_only = true});
    keel_db_close(t->db);
    t->db = db;
    const char *const all[][2] = {{"TimeZone", "UTC"},
                                  {"synchronous_commit", "on"},
                                  {"client_encoding", "UTF8"},
                                  {"standard_conforming_strings", "on"},
                                  {"application_name", "tester"}};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        char sql[100];
        snprintf(sql, sizeof sql, "SELECT (current_setting('%s') = '%s')::int", all[i][0],
                 all[i][1]);
        assert_int_equal(testdb_int(t, sql), 1);
    }
    assert_ok(keel_db_begin(db, KEEL_TX_WRITE, &t->err), &t->err);
    assert_error(keel_db_run(db, keel_slice_of("CREATE TABLE x (i int)"), &t->err), KEEL_INVALID,
                 &t->err, "read-only");
    keel_db_rollback(db);
    assert_error(keel_db_run(db, keel_slice_of("CREATE TABLE x (i int)"), &t->err), KEEL_INVALID,
                 &t->err, "read-only");
}

static void who_answers(void **state)
{
    struct testdb *t = *state;
    const char *product = t->dialect == KEEL_SQLITE ? "SQLite 3." : "PostgreSQL 1";
    assert_int_equal(strncmp(keel_db_server_version(t->db), product, strlen(product)), 0);
    assert_null(strchr(keel_db_server_version(t->db), '('));
    assert_int_equal(keel_db_dialect(t->db), t->dialect);
    const char *scheme = t->dialect == KEEL_SQLITE ? "sqlite:/" : "postgres://";
    assert_int_equal(strncmp(keel_db_display_url(t->db), scheme, strlen(scheme)), 0);
}

int main(void)
{
    const struct CMUnitTest alone[] = {
        cmocka_unit_test(urls),
        cmocka_unit_test(bad_urls),
        cmocka_unit_test(default_url),
    };
    const struct CMUnitTest tests[] = {
        testdb_test(sqlite_files_that_do_not_open),
        testdb_test(a_damaged_file),
        testdb_test(a_locked_file),
        testdb_test(permissions),
        testdb_test(sqlite_settings),
        testdb_test(concurrent_creation),
        testdb_test(postgres_servers_that_do_not_answer),
        testdb_test(postgres_server_that_is_silent),
        testdb_test(postgres_settings),
        testdb_test(who_answers),
    };
    return cmocka_run_group_tests_name("urls", alone, NULL, NULL) + testdb_run(tests);
}
