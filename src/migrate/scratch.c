#include "migrate/scratch.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/hash.h"
#include "base/hex.h"
#include "base/str.h"
#include "db/url.h"
#include "keel_sql_migrate.h"
#include "schema/render.h"
#include "schema/tokenize.h"

/* ---- SQLite ---------------------------------------------------------------------------------- */

static int open_sqlite(struct keel__scratch *scratch, struct keel_error *err)
{
    static const char off[] = "PRAGMA foreign_keys = OFF"; /* as for whoever says nothing of it */
    const struct keel_db_options options = {.as_found = true};
    int rc = keel_db_open(&scratch->db, ":memory:", &options, err);
    if (!rc)
        rc = keel_db_run(scratch->db, keel_slice_of(off), err);
    if (rc) {
        keel_db_close(scratch->db);
        scratch->db = NULL;
    }
    return rc;
}

/* ---- PostgreSQL ------------------------------------------------------------------------------ */

static int run(struct keel_db *db, struct keel__str *sql, struct keel_error *err)
{
    int rc = keel__str_error(sql, err);
    if (!rc)
        rc = keel_db_run(db, keel__str_view(sql), err);
    keel__str_fini(sql);
    return rc;
}

static void put_text(struct keel__str *sql, const char *what, struct keel_slice text)
{
    keel__str_printf(sql, " %s '", what);
    for (size_t i = 0; i < text.size; i++) {
        if (text.data[i] == '\'')
            keel__str_char(sql, '\'');
        keel__str_char(sql, text.data[i]);
    }
    keel__str_char(sql, '\'');
}

/* From template0, so that nothing is in it, and with the encoding and locale of the database that
 * the caller knows. */
static int make_database(struct keel__scratch *scratch, struct keel_error *err)
{
    const struct keel_row *row;
    unsigned char random[8];
    char digits[2 * sizeof random];
    struct keel__str sql;
    keel__random(random, sizeof random);
    keel__hex_encode(digits, random, sizeof random);
    snprintf(scratch->name, sizeof scratch->name, "keel_scratch_%.*s", (int)sizeof digits, digits);
    int rc = keel_db_one(scratch->server, &keel_q_migrate_scratch_like, KEEL_NO_PARAMS, &row, err);
    if (rc)
        return rc;
    keel__str_init(&sql, 0);
    keel__str_printf(&sql, "CREATE DATABASE %s TEMPLATE template0", scratch->name);
    put_text(&sql, "ENCODING", keel_row_text(row, 0));
    put_text(&sql, "LC_COLLATE", keel_row_text(row, 1));
    put_text(&sql, "LC_CTYPE", keel_row_text(row, 2));
    rc = run(scratch->server, &sql, err);
    if (rc)
        keel_error_context(err, "cannot make a scratch database on %s (the user needs CREATEDB)",
                           keel_db_display_url(scratch->server));
    return rc;
}

static int drop_database(struct keel__scratch *scratch, struct keel_error *err)
{
    struct keel__str sql;
    keel__str_init(&sql, 0);
    keel__str_printf(&sql, "DROP DATABASE IF EXISTS %s WITH (FORCE)", scratch->name);
    int rc = run(scratch->server, &sql, err);
    if (rc)
        keel_error_context(err, "cannot drop the scratch database %s of %s: drop it by hand",
                           scratch->name, keel_db_display_url(scratch->server));
    return rc;
}

static int open_postgres(struct keel__scratch *scratch, const char *server_url,
                         struct keel_error *err)
{
    static const char fast[] = "SET synchronous_commit = off";
    const struct keel_db_options options = {.as_found = true};
    char *url = NULL;
    if (!server_url)
        return keel_error_set(err, KEEL_INVALID,
                              "a PostgreSQL schema in files is replayed into a scratch database: "
                              "name a server for it with --scratch URL");
    int rc = keel_db_open(&scratch->server, server_url, &options, err);
    if (!rc && keel_db_dialect(scratch->server) != KEEL_POSTGRES)
        rc = keel_error_set(err, KEEL_INVALID, "%s is no PostgreSQL server",
                            keel_db_display_url(scratch->server));
    if (!rc)
        rc = make_database(scratch, err);
    if (rc) {
        keel_db_close(scratch->server);
        return rc;
    }
    rc = keel__url_on_database(&url, server_url, scratch->name, err);
    if (!rc)
        rc = keel_db_open(&scratch->db, url, &options, err);
    free(url);
    if (!rc)
        rc = keel_db_run(scratch->db, keel_slice_of(fast), err);
    return rc ? keel__scratch_close(scratch, rc, err) : 0;
}

/* ---- both ------------------------------------------------------------------------------------ */

int keel__scratch_open(struct keel__scratch *scratch, enum keel_dialect dialect,
                       const char *server_url, struct keel_error *err)
{
    *scratch = (struct keel__scratch){0};
    return dialect == KEEL_POSTGRES ? open_postgres(scratch, server_url, err)
                                    : open_sqlite(scratch, err);
}

int keel__scratch_close(struct keel__scratch *scratch, int rc, struct keel_error *err)
{
    struct keel_error other = {0};
    keel_db_close(scratch->db);
    int dropped = scratch->server ? drop_database(scratch, rc ? &other : err) : 0;
    if (rc && dropped && err) /* both are worth knowing */
        keel_error_context(err, "%s; before that", other.message);
    keel_db_close(scratch->server);
    *scratch = (struct keel__scratch){0};
    return rc ? rc : dropped;
}

/* ---- what may be run in one ------------------------------------------------------------------ */

static bool is_one_of(const struct keel__token *token, const char *const *words)
{
    for (; *words; words++)
        if (keel__token_is_word(token, *words))
            return true;
    return false;
}

static bool reaches_out(const struct keel__token tokens[3], enum keel_dialect dialect)
{
    static const char *const verbs[] = {"CREATE", "ALTER", "DROP", NULL};
    static const char *const shared[] = {"DATABASE",     "ROLE",       "GROUP", "SYSTEM",
                                         "SUBSCRIPTION", "TABLESPACE", NULL};
    if (dialect == KEEL_SQLITE)
        return keel__token_is_word(&tokens[0], "ATTACH") ||
               (keel__token_is_word(&tokens[0], "VACUUM") && tokens[1].kind != KEEL__TOKEN_END);
    if (!is_one_of(&tokens[0], verbs))
        return false;
    return is_one_of(&tokens[1], shared) ||
           (keel__token_is_word(&tokens[1], "USER") && !keel__token_is_word(&tokens[2], "MAPPING"));
}

int keel__scratch_admits(struct keel_slice sql, enum keel_dialect dialect, struct keel_error *err)
{
    struct keel__tokenizer tokenizer;
    struct keel__token tokens[3] = {{.kind = KEEL__TOKEN_END}};
    keel__tokenizer_init(&tokenizer, sql, dialect, 1);
    for (size_t i = 0; i < 3; i++)
        if (keel__token_next(&tokenizer, &tokens[i], NULL) || tokens[i].kind == KEEL__TOKEN_END)
            break;
    if (!reaches_out(tokens, dialect))
        return 0;
    return keel_error_set(err, KEEL_INVALID,
                          "this reaches beyond the database it runs in, so it is not tried in a "
                          "scratch database");
}
