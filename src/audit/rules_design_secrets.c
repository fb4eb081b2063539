#include "audit/rules_design.h"
#include "audit/secret.h"
#include "base/error.h"

#include <stdio.h>
#include <string.h>

/* Passwords, keys and tokens as they are. */

static const char *secret_key(struct keel__audit *audit, const char *what,
                              const struct keel_column_model *column)
{
    return keel__ask_format(audit, "secret %s %s", what, column->name);
}

static int ask_in_json(struct keel__audit *audit, struct keel__scan *scan,
                       const struct keel_column_model *column, const char *what,
                       const char *condition, struct keel_error *err)
{
    const char *x = keel__ask_column(audit, "t", column), *key = secret_key(audit, what, column);
    const char *sql = x && condition
                          ? keel__ask_format(audit,
                                             "CASE WHEN typeof(%s) = 'text' THEN CASE WHEN "
                                             "json_valid(%s) THEN CASE json_type(%s) WHEN 'object' "
                                             "THEN %s END END END",
                                             x, x, x, condition)
                          : NULL;
    if (!sql || !key)
        return keel__nomem(err);
    keel__scan_probe(scan, key, sql, NULL);
    return KEEL_OK;
}

/* What the fields of an OAuth credential tell. */
static int plan_credentials(struct keel__audit *audit, struct keel__scan *scan,
                            const struct keel_column_model *column, struct keel_error *err)
{
    char now[28];
    keel_time_format(audit->now_us, now);
    const char *x = keel__ask_column(audit, "t", column);
    if (!x)
        return keel__nomem(err);
    int rc = ask_in_json(audit, scan, column, "json",
                         keel__ask_format(audit,
                                          "json_type(%s, '$.token') IS NOT NULL OR json_type(%s, "
                                          "'$.access_token') IS NOT NULL OR json_type(%s, "
                                          "'$.refresh_token') IS NOT NULL",
                                          x, x, x),
                         err);
    if (!rc)
        rc = ask_in_json(audit, scan, column, "expired",
                         keel__ask_format(audit,
                                          "julianday(coalesce(json_extract(%s, '$.expiry'), "
                                          "json_extract(%s, '$.expires_at'))) < julianday('%s')",
                                          x, x, now),
                         err);
    if (!rc)
        rc = ask_in_json(audit, scan, column, "final",
                         keel__ask_format(audit, "json_extract(%s, '$.refresh_token') IS NULL", x),
                         err);
    return rc;
}

int keel__plan_secret(struct keel__audit *audit, struct keel__scan *scan, struct keel_error *err)
{
    const struct keel_table_model *table = keel__scan_table(scan);
    int rc = KEEL_OK;
    for (size_t i = 0; i < table->column_count && !rc && audit->dialect == KEEL_SQLITE; i++)
        if (keel__column_secrecy(&table->columns[i]) == KEEL__SECRET)
            rc = plan_credentials(audit, scan, &table->columns[i], err);
    return rc;
}

/* Values that look like what a password function gives. */
static bool looks_hashed(const struct keel__profile *p)
{
    int64_t values = p->rows - p->nulls, hashed = p->shapes[KEEL__SHAPE_HEX];
    const struct keel__examples *first = &p->first;
    int marked = 0;
    for (int i = 0; i < first->count; i++)
        marked += first->texts[i][0] == '$' || strncmp(first->texts[i], "pbkdf2", 6) == 0 ||
                  strncmp(first->texts[i], "scrypt", 6) == 0 ||
                  strncmp(first->texts[i], "argon2", 6) == 0 ||
                  strncmp(first->texts[i], "sha", 3) == 0 || first->texts[i][0] == '{';
    return hashed * 10 >= values * 9 || (first->count && marked == first->count);
}

static void count_credentials(struct keel__audit *audit, const struct keel__table_facts *facts,
                              const struct keel_column_model *column, struct keel_finding *finding)
{
    static const char *const what[][2] = {
        {"json", "JSON with tokens"}, {"expired", "expired"}, {"final", "without refresh token"}};
    for (size_t i = 0; i < sizeof what / sizeof *what; i++) {
        const char *key = secret_key(audit, what[i][0], column);
        const struct keel__probe *probe = key ? keel__facts_probe(facts, key) : NULL;
        if (probe)
            keel__finding_count(audit, finding, what[i][1], probe->matching);
    }
}

static int report_secret(struct keel__audit *audit, const struct keel__table_facts *facts,
                         const struct keel__profile *p, enum keel__secrecy grade, int64_t matching,
                         struct keel_error *err)
{
    struct keel_finding *finding = keel__design_add(audit, "secret-in-clear", facts->table);
    if (!finding)
        return keel__nomem(err);
    if (grade == KEEL__TOKEN)
        finding->severity = KEEL_SEVERITY_ADVICE;
    keel__finding_column(audit, finding, p->column->name);
    keel__finding_data(finding, facts, matching);
    for (int i = 0; i < p->first.count && i < 3; i++) {
        const char *masked = keel__secret_masked(audit, p->first.texts[i]);
        if (!masked)
            return keel__nomem(err);
        keel__finding_example(audit, finding, keel_slice_of(masked));
    }
    if (grade == KEEL__SECRET && audit->dialect == KEEL_SQLITE)
        count_credentials(audit, facts, p->column, finding);
    keel__finding_say(audit, finding, "%lld rows of %s hold a %s in clear in %s",
                      (long long)matching, facts->table->name,
                      grade == KEEL__TOKEN ? "token" : "password, key or token", p->column->name);
    return KEEL_OK;
}

int keel__table_secret(struct keel__audit *audit, const struct keel__table_facts *facts,
                       struct keel_error *err)
{
    int rc = KEEL_OK;
    for (size_t i = 0; facts->scanned && i < facts->table->column_count && !rc; i++) {
        const struct keel__profile *p = &facts->profiles[i];
        enum keel__secrecy grade = keel__column_secrecy(p->column);
        int64_t values = p->rows - p->nulls - p->shapes[KEEL__SHAPE_EMPTY];
        if (values < 1)
            continue;
        if (grade == KEEL__NO_SECRET) {
            int64_t secrets = p->shapes[KEEL__SHAPE_SECRET];
            if (secrets)
                rc =
                    report_secret(audit, facts, p,
                                  secrets * 2 >= values ? KEEL__SECRET : KEEL__TOKEN, secrets, err);
            continue;
        }
        bool document = p->shapes[KEEL__SHAPE_JSON_OBJECT] > 0;
        if (document || !looks_hashed(p))
            rc = report_secret(audit, facts, p, grade, values, err);
    }
    return rc;
}

/* ---- credentials-without-last-use ------------------------------------------------------------ */

int keel__table_last_use(struct keel__audit *audit, const struct keel__table_facts *facts,
                         struct keel_error *err)
{
    const struct keel_table_model *table = facts->table;
    bool secret = false;
    for (size_t i = 0; i < table->column_count; i++)
        secret = secret || keel__column_secrecy(&table->columns[i]) != KEEL__NO_SECRET ||
                 (keel__name_has(table->columns[i].name, "hash") &&
                  keel__name_has(table->columns[i].name, "key token secret"));
    if (!secret || !keel__name_has(table->name, "token tokens credential credentials key keys") ||
        keel__design_column(table, "used seen access accessed"))
        return KEEL_OK;
    struct keel_finding *finding = keel__design_add(audit, "credentials-without-last-use", table);
    if (!finding)
        return keel__nomem(err);
    keel__finding_say(audit, finding,
                      "%s does not say when a credential was last used: which of them can be "
                      "revoked cannot be told",
                      table->name);
    return KEEL_OK;
}
