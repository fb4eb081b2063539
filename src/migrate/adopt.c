#include "migrate/apply.h"
#include "migrate/plan.h"

#include "keel_sql_migrate.h"

#include <inttypes.h>

static int read_last(struct keel__run *run, const char *table, const struct keel_query *query,
                     int64_t *version, struct keel_error *err)
{
    const struct keel_row *row;
    *version = -1;
    int rc = keel_db_one(run->db, &keel_q_migrate_table_exists, KEEL_PARAMS(keel_cstr(table)), &row,
                         err);
    if (rc || !keel_row_bool(row, 0))
        return rc;
    /* A table of that name with other columns is nothing of theirs. */
    rc = keel_db_one(run->db, query, KEEL_NO_PARAMS, &row, err);
    if (rc == 0 && !keel_row_is_null(row, 0))
        *version = keel_row_int(row, 0);
    return rc == KEEL_BUSY ? rc : 0;
}

int keel__adopt_check(struct keel__run *run, struct keel_error *err)
{
    static const struct {
        const char *table;
        const struct keel_query *query;
        const char *tool;
    } others[] = {
        {"schema_migrations", &keel_q_migrate_adopt_schema_migrations, "dbmate or golang-migrate"},
        {"goose_db_version", &keel_q_migrate_adopt_goose, "goose"},
    };
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        int64_t version;
        int rc = read_last(run, others[i].table, others[i].query, &version, err);
        if (rc)
            return rc;
        const struct keel__migration *m = version < 0 ? NULL : keel__set_find(run->set, version);
        if (m)
            return keel_error_set(
                err, KEEL_CONFLICT,
                "this database was brought to version %s by %s (its table %s says "
                "so): take it over with baseline --to %s, then run up",
                m->pub.version_text, others[i].tool, others[i].table, m->pub.version_text);
    }
    return 0;
}
