#include "migrate/apply.h"

#include "base/str.h"
#include "keel_sql_migrate.h"
#include "migrate/steps.h"
#include "schema/tokenize.h"

#include <stdio.h>

/* CREATE [UNIQUE] INDEX CONCURRENTLY [IF NOT EXISTS] name ON [ONLY] table */
struct index_statement {
    char name[256];
    struct keel_slice table;
};

struct words {
    struct keel__tokenizer tokenizer;
    struct keel__token token; /* the next one */
};

static void step(struct words *w)
{
    if (keel__token_next(&w->tokenizer, &w->token, NULL))
        w->token.kind = KEEL__TOKEN_END;
}

static bool take(struct words *w, const char *word)
{
    if (!keel__token_is_word(&w->token, word))
        return false;
    step(w);
    return true;
}

static void begin_words(struct words *w, struct keel_slice sql)
{
    keel__tokenizer_init(&w->tokenizer, sql, KEEL_POSTGRES, 1);
    step(w);
}

static struct keel_slice take_table(struct words *w)
{
    const char *start = w->token.text.data, *end;
    for (;;) {
        if (w->token.kind != KEEL__TOKEN_WORD && w->token.kind != KEEL__TOKEN_NAME)
            return keel_slice(NULL, 0);
        end = w->token.text.data + w->token.text.size;
        step(w);
        if (!keel__token_is(&w->token, '.'))
            return keel_slice(start, (size_t)(end - start));
        step(w);
    }
}

static bool parse_concurrent_index(struct keel_slice sql, struct index_statement *out)
{
    struct words w;
    begin_words(&w, sql);
    if (!take(&w, "CREATE"))
        return false;
    take(&w, "UNIQUE");
    if (!take(&w, "INDEX") || !take(&w, "CONCURRENTLY"))
        return false;
    if (take(&w, "IF") && !(take(&w, "NOT") && take(&w, "EXISTS")))
        return false;
    if (keel__token_is_word(&w.token, "ON") ||
        !keel__token_name(&w.token, KEEL_POSTGRES, out->name, sizeof out->name))
        return false;
    step(&w);
    if (!take(&w, "ON"))
        return false;
    take(&w, "ONLY");
    out->table = take_table(&w);
    return out->table.data != NULL;
}

/* Whether running the statement twice does what running it once does. */
static bool is_repeatable(struct keel_slice sql)
{
    static const char *const verbs[] = {"VACUUM",     "ANALYZE", "REINDEX", "CLUSTER",
                                        "CHECKPOINT", "REFRESH", "SET",     "RESET"};
    struct words w;
    begin_words(&w, sql);
    for (size_t i = 0; i < sizeof verbs / sizeof *verbs; i++)
        if (keel__token_is_word(&w.token, verbs[i]))
            return true;
    if (take(&w, "ALTER"))
        return keel__token_is_word(&w.token, "SYSTEM");
    if (!take(&w, "DROP"))
        return false;
    while (w.token.kind == KEEL__TOKEN_WORD)
        if (take(&w, "IF"))
            return keel__token_is_word(&w.token, "EXISTS");
        else
            step(&w);
    return false;
}

/* An index that was being built is either whole, or absent, or there and invalid; the last one is
 * in the way. */
static int settle_index(struct keel__run *run, const struct index_statement *index,
                        enum keel__doubt *out, struct keel_error *err)
{
    const struct keel_row *row;
    struct keel__str sql;
    int rc = keel_db_maybe(run->db, &keel_q_migrate_index_state,
                           KEEL_PARAMS(keel_cstr(index->name), keel_text(index->table)), &row, err);
    if (rc)
        return rc;
    *out = row && keel_row_bool(row, 0) ? KEEL__DOUBT_DONE : KEEL__DOUBT_RUN;
    if (!row || *out == KEEL__DOUBT_DONE)
        return 0;
    keel__str_init(&sql, 0);
    keel__str_text(&sql, "DROP INDEX CONCURRENTLY ");
    keel__str_slice(&sql, keel_row_text(row, 1));
    rc = keel__str_error(&sql, err);
    if (rc == 0) {
        keel__run_note(run, "the index %s was left half built: it is dropped and built again",
                       index->name);
        rc = keel_db_run(run->db, keel__str_view(&sql), err);
    }
    keel__str_fini(&sql);
    return rc;
}

int keel__in_doubt(struct keel__run *run, const struct keel_migration_statement *statement,
                   bool failed, enum keel__doubt *out, struct keel_error *err)
{
    struct index_statement index;
    *out = KEEL__DOUBT_RUN;
    if (run->dialect ==
        KEEL_SQLITE) /* what cannot be in a transaction there is PRAGMA and the like */
        return 0;
    if (!failed && run->options->in_doubt != KEEL_IN_DOUBT_REFUSE) {
        *out = run->options->in_doubt == KEEL_IN_DOUBT_SKIP ? KEEL__DOUBT_DONE : KEEL__DOUBT_RUN;
        return 0;
    }
    if (parse_concurrent_index(statement->sql, &index))
        return settle_index(run, &index, out, err);
    if (failed || is_repeatable(statement->sql))
        return 0;
    return keel_error_set(
        err, KEEL_CONFLICT,
        "an earlier run was stopped while this statement ran outside a transaction, "
        "and nothing says whether it took effect: look, then run up with "
        "--in-doubt=retry to run it again or --in-doubt=skip if it is done");
}
