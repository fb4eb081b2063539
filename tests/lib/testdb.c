#include "testdb.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static enum keel_dialect dialect = KEEL_SQLITE;

void testdb_assert_ok(int rc, const struct keel_error *err, const char *file, int line)
{
    if (rc == KEEL_OK)
        return;
    print_error("%s: %s [%s]\n", keel_code_name((enum keel_code)rc), err ? err->message : "?",
                err ? err->statement : "");
    _fail(file, line);
}

void testdb_assert_error(int rc, enum keel_code code, const struct keel_error *err,
                         const char *text, const char *file, int line)
{
    if (rc == (int)code && err->code == code && (!text || strstr(err->message, text)))
        return;
    print_error("expected %s with \"%s\", got %s: %s\n", keel_code_name(code), text ? text : "",
                keel_code_name((enum keel_code)rc), rc ? err->message : "");
    _fail(file, line);
}

static const char *server_url(void)
{
    return getenv("KEEL_TEST_POSTGRES_URL");
}

/* The server's URL with another database; libpq takes the last dbname it reads. */
static void url_of_database(char *out, size_t size, const char *name)
{
    const char *server = server_url();
    const char *joint = !strstr(server, "://") ? " " : strchr(server, '?') ? "&" : "?";
    snprintf(out, size, "%s%sdbname=%s", server, joint, name);
}

/* before, name and after make the statement. */
static void run_on_server(const char *before, const char *name, const char *after)
{
    struct keel_db *db;
    struct keel_error err;
    char sql[200];
    assert_ok(keel_db_open(&db, server_url(), NULL, &err), &err);
    snprintf(sql, sizeof sql, "%s %s%s", before, name, after);
    int rc = keel_db_run(db, keel_slice_of(sql), &err);
    keel_db_close(db);
    assert_ok(rc, &err);
}

int testdb_setup(void **state)
{
    static unsigned counter;
    struct testdb *t = calloc(1, sizeof *t);
    assert_non_null(t);
    *state = t;
    t->dialect = dialect;
    if (dialect == KEEL_SQLITE) {
        const char *tmp = getenv("TMPDIR");
        snprintf(t->folder, sizeof t->folder, "%s/keel-test-XXXXXX", tmp ? tmp : "/tmp");
        assert_non_null(mkdtemp(t->folder));
        snprintf(t->path, sizeof t->path, "%s/test.db", t->folder);
        snprintf(t->url, sizeof t->url, "sqlite:%s", t->path);
    } else {
        snprintf(t->name, sizeof t->name, "keel_test_%d_%u_%llx", (int)getpid(), counter++,
                 (unsigned long long)keel_time_now_us());
        run_on_server("CREATE DATABASE", t->name, "");
        url_of_database(t->url, sizeof t->url, t->name);
    }
    t->db = testdb_connect(t, NULL);
    return 0;
}

static void remove_folder(const char *folder)
{
    DIR *directory = opendir(folder);
    struct dirent *entry;
    while (directory && (entry = readdir(directory))) {
        char path[1024];
        snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
        unlink(path);
    }
    if (directory)
        closedir(directory);
    rmdir(folder);
}

int testdb_teardown(void **state)
{
    struct testdb *t = *state;
    keel_db_close(t->db);
    if (t->dialect == KEEL_SQLITE)
        remove_folder(t->folder);
    else
        run_on_server("DROP DATABASE IF EXISTS", t->name, " WITH (FORCE)");
    free(t);
    return 0;
}

struct keel_db *testdb_connect(const struct testdb *t, const struct keel_db_options *options)
{
    struct keel_db *db;
    struct keel_error err;
    assert_ok(keel_db_open(&db, t->url, options, &err), &err);
    return db;
}

void testdb_sql(struct testdb *t, const char *sqlite, const char *postgres)
{
    const char *sql = t->dialect == KEEL_POSTGRES && postgres ? postgres : sqlite;
    assert_ok(keel_db_run(t->db, keel_slice_of(sql), &t->err), &t->err);
}

int64_t testdb_int(struct testdb *t, const char *sql)
{
    struct keel_query query = {.name = "testdb_int", .sqlite = sql, .postgres = sql};
    const struct keel_row *row;
    assert_ok(keel_db_one(t->db, &query, KEEL_NO_PARAMS, &row, &t->err), &t->err);
    return keel_row_int(row, 0);
}

int testdb_run_counted(const struct CMUnitTest *tests, size_t count)
{
    dialect = KEEL_SQLITE;
    int failed = _cmocka_run_group_tests("sqlite", tests, count, NULL, NULL);
    if (!server_url() || !*server_url()) {
        print_message("PostgreSQL is left out: KEEL_TEST_POSTGRES_URL is not set\n");
        return failed;
    }
    dialect = KEEL_POSTGRES;
    return failed + _cmocka_run_group_tests("postgres", tests, count, NULL, NULL);
}
