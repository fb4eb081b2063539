#include "db/url.h"

#include "base/error.h"
#include "base/str.h"

#include <ctype.h>
#include <libpq-fe.h>
#include <stdlib.h>

static bool starts_with(const char *text, const char *prefix)
{
    return strncmp(text, prefix, strlen(prefix)) == 0;
}

/* "word=" at its start, where word is an option of libpq. */
static bool is_conninfo(const char *text)
{
    while (isspace((unsigned char)*text))
        text++;
    size_t size = strspn(text, "abcdefghijklmnopqrstuvwxyz_");
    if (size == 0 || text[size + strspn(text + size, " ")] != '=')
        return false;
    bool found = false;
    PQconninfoOption *options = PQconndefaults();
    for (PQconninfoOption *o = options; o && o->keyword && !found; o++)
        found = strlen(o->keyword) == size && strncmp(o->keyword, text, size) == 0;
    PQconninfoFree(options);
    return found;
}

static const char *option(const PQconninfoOption *options, const char *keyword)
{
    for (const PQconninfoOption *o = options; o->keyword; o++)
        if (strcmp(o->keyword, keyword) == 0 && o->val && *o->val)
            return o->val;
    return NULL;
}

/* Built from the parts that may be shown, so that a password cannot hide in an unexpected place. */
static char *display_of(const PQconninfoOption *options)
{
    const char *user = option(options, "user"), *host = option(options, "host");
    const char *port = option(options, "port"), *dbname = option(options, "dbname");
    if (!host)
        host = option(options, "hostaddr");
    struct keel__str text;
    keel__str_init(&text, 0);
    keel__str_text(&text, "postgres://");
    if (user)
        keel__str_text(&text, user);
    if (option(options, "password"))
        keel__str_text(&text, ":***");
    if (user || option(options, "password"))
        keel__str_char(&text, '@');
    bool socket = host && *host == '/';
    if (host && !socket)
        keel__str_text(&text, host);
    if (port && !socket)
        keel__str_printf(&text, ":%s", port);
    keel__str_printf(&text, "/%s", dbname ? dbname : "");
    if (socket)
        keel__str_printf(&text, "?host=%s", host);
    if (socket && port)
        keel__str_printf(&text, "&port=%s", port);
    char *stolen = keel__str_steal(&text);
    keel__str_fini(&text);
    return stolen;
}

static int parse_postgres(struct keel__url *out, const char *text, struct keel_error *err)
{
    char *fault = NULL;
    PQconninfoOption *options = PQconninfoParse(text, &fault);
    if (!options) {
        /* libpq's message may quote the text, and with it a password: only its kind is told */
        bool memory = fault == NULL;
        PQfreemem(fault);
        if (memory)
            return keel__nomem(err);
        return keel_error_set(
            err, KEEL_INVALID,
            "this is no valid PostgreSQL URL: write postgres://user@host:5432/database "
            "(with %%xx for special characters) or host=... dbname=...");
    }
    out->dialect = KEEL_POSTGRES;
    out->target = strdup(text);
    out->display = display_of(options);
    PQconninfoFree(options);
    return out->target && out->display ? KEEL_OK : keel__nomem(err);
}

static int parse_sqlite(struct keel__url *out, const char *path, struct keel_error *err)
{
    if (starts_with(path, "//")) /* sqlite:///abs/path, sqlite://path */
        path += 2;
    if (!*path)
        return keel_error_set(err, KEEL_INVALID, "the database's path is empty: write sqlite:PATH");
    out->dialect = KEEL_SQLITE;
    out->target = strdup(path);
    if (!out->target || asprintf(&out->display, "sqlite:%s", path) < 0) {
        out->display = NULL;
        return keel__nomem(err);
    }
    return KEEL_OK;
}

/* Length of "scheme" in "scheme://", or of "file" in "file:"; 0 when it is a path. */
static int scheme_length(const char *text)
{
    size_t size = strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789+.-");
    if (size > 0 && (starts_with(text + size, "://") || starts_with(text, "file:")))
        return (int)size;
    return 0;
}

int keel__url_parse(struct keel__url *out, const char *text, struct keel_error *err)
{
    memset(out, 0, sizeof *out);
    int rc;
    int scheme = text ? scheme_length(text) : 0;
    if (!text || !*text)
        rc =
            keel_error_set(err, KEEL_INVALID,
                           "the database URL is empty: give a path, sqlite:PATH or postgres://...");
    else if (starts_with(text, "sqlite:"))
        rc = parse_sqlite(out, text + strlen("sqlite:"), err);
    else if (starts_with(text, "postgres://") || starts_with(text, "postgresql://"))
        rc = parse_postgres(out, text, err);
    else if (scheme)
        rc = keel_error_set(
            err, KEEL_INVALID,
            "unknown kind of database '%.*s': use a path, sqlite:PATH or postgres://...", scheme,
            text);
    else if (is_conninfo(text))
        rc = parse_postgres(out, text, err);
    else
        rc = parse_sqlite(out, text, err);
    if (rc)
        keel__url_fini(out);
    return rc;
}

void keel__url_fini(struct keel__url *url)
{
    free(url->target);
    free(url->display);
    memset(url, 0, sizeof *url);
}

/* keyword='value', with backslashes where libpq wants them. */
static void put_option(struct keel__str *out, const char *keyword, const char *value)
{
    keel__str_printf(out, "%s%s='", out->size ? " " : "", keyword);
    for (; *value; value++) {
        if (*value == '\'' || *value == '\\')
            keel__str_char(out, '\\');
        keel__str_char(out, *value);
    }
    keel__str_char(out, '\'');
}

int keel__url_on_database(char **out, const char *url, const char *database, struct keel_error *err)
{
    struct keel__url parsed;
    *out = NULL;
    int rc = keel__url_parse(&parsed, url, err);
    if (rc)
        return rc;
    if (parsed.dialect != KEEL_POSTGRES)
        rc = keel_error_set(err, KEEL_INVALID, "%s is no PostgreSQL server", parsed.display);
    PQconninfoOption *options = rc ? NULL : PQconninfoParse(parsed.target, NULL);
    keel__url_fini(&parsed);
    if (!options)
        return rc ? rc : keel__nomem(err);
    struct keel__str text;
    keel__str_init(&text, 0);
    for (const PQconninfoOption *o = options; o->keyword; o++)
        if (o->val && *o->val && strcmp(o->keyword, "dbname") != 0)
            put_option(&text, o->keyword, o->val);
    put_option(&text, "dbname", database);
    PQconninfoFree(options);
    rc = keel__str_error(&text, err);
    if (!rc)
        *out = keel__str_steal(&text);
    keel__str_fini(&text);
    return rc;
}

bool keel__url_is_memory(const struct keel__url *url)
{
    return url->dialect == KEEL_SQLITE && strcmp(url->target, ":memory:") == 0;
}
