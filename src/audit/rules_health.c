#include "audit/ask.h"
#include "audit/rule.h"
#include "audit/run.h"
#include "base/error.h"
#include "schema/model.h"
#include "schema/tokenize.h"

#include <string.h>

enum { MIN_FREE_PAGES = 256, MIN_TABLE_ROWS = 10000, MAX_CHECK_LINES = 10 };
static const int64_t check_all_bytes = 64 << 20, check_quick_bytes = 256 << 20;

enum {
    VIEW,
    TRIGGER,
    INTEGRITY,
    FREE_PAGES,
    DEAD_ROWS,
    STATISTICS,
    OLD_STATISTICS,
    SEQUENCE,
    NOT_VALID
};

static struct keel_finding *add(struct keel__audit *audit, int rule,
                                const struct keel_table_model *table);

/* A function, collation or module that the application brings along is no fault of the schema. */
static bool is_absent_extension(const char *message)
{
    return strstr(message, "no such function") || strstr(message, "no such collation") ||
           strstr(message, "no such module");
}

/* ---- broken-view, broken-trigger ------------------------------------------------------------- */

static int broken_views(struct keel__audit *audit, struct keel_error *err)
{
    for (size_t i = 0; i < audit->schema->view_count; i++) {
        const struct keel_view_model *view = &audit->schema->views[i];
        if (!view->broken || is_absent_extension(view->broken))
            continue;
        struct keel_finding *finding = add(audit, VIEW, NULL);
        if (!finding)
            return keel__nomem(err);
        finding->schema = view->schema;
        keel__finding_object(finding, "view", view->name);
        keel__finding_say(audit, finding, "the view %s cannot be read: %s", view->name,
                          view->broken);
    }
    for (size_t i = 0; i < audit->schema->table_count; i++) {
        const struct keel_table_model *table = &audit->schema->tables[i];
        if (!table->broken || is_absent_extension(table->broken))
            continue;
        struct keel_finding *finding = add(audit, VIEW, table);
        if (!finding)
            return keel__nomem(err);
        keel__finding_say(audit, finding, "the virtual table %s cannot be read: %s", table->name,
                          table->broken);
    }
    return KEEL_OK;
}

enum event { ON_NOTHING = 0, ON_INSERT, ON_UPDATE, ON_DELETE };

/* What sets a trigger off: the first of the three words behind its name. */
static enum event event_of(const struct keel_trigger_model *trigger)
{
    struct keel__tokenizer tokenizer;
    struct keel__token token;
    struct keel_error err = {0};
    size_t words = 0;
    keel__tokenizer_init(&tokenizer, keel_slice_of(trigger->sql), KEEL_SQLITE, 1);
    while (keel__token_next(&tokenizer, &token, &err) == 0 && token.kind != KEEL__TOKEN_END) {
        if (words++ < 2)
            continue;
        if (keel__token_is_word(&token, "INSERT"))
            return ON_INSERT;
        if (keel__token_is_word(&token, "UPDATE"))
            return ON_UPDATE;
        if (keel__token_is_word(&token, "DELETE"))
            return ON_DELETE;
        if (keel__token_is_word(&token, "BEGIN"))
            break;
    }
    return ON_NOTHING;
}

/* EXPLAIN of a statement that would set the triggers of an event off: it prepares them and runs
 * nothing. */
static const char *explain(struct keel__audit *audit, const struct keel_table_model *table,
                           enum event event)
{
    const char *name = keel__ask_table(audit, table), *set = NULL;
    if (!name)
        return NULL;
    if (event == ON_INSERT)
        return keel__ask_format(audit, "EXPLAIN INSERT INTO %s DEFAULT VALUES", name);
    if (event == ON_DELETE)
        return keel__ask_format(audit, "EXPLAIN DELETE FROM %s", name);
    for (size_t i = 0; i < table->column_count; i++) {
        if (table->columns[i].generated)
            continue;
        const char *x = keel__ask_name(audit, table->columns[i].name);
        set = x ? keel__ask_format(audit, "%s%s%s = %s", set ? set : "", set ? ", " : "", x, x)
                : NULL;
        if (!set)
            return NULL;
    }
    return keel__ask_format(audit, "EXPLAIN UPDATE %s SET %s", name, set ? set : "rowid = rowid");
}

static int ignore_row(void *context, const struct keel_row *row, struct keel_error *err)
{
    (void)context, (void)row, (void)err;
    return KEEL_OK;
}

/* The trigger that speaks of what the message names, among those of one event. */
static const struct keel_trigger_model *blamed(const struct keel_table_model *table,
                                               enum event event, const char *message)
{
    const struct keel_trigger_model *first = NULL;
    const char *last = strrchr(message, ' ');
    last = last ? last + 1 : message;
    const char *dot = strrchr(last, '.');
    last = dot ? dot + 1 : last;
    for (size_t i = 0; i < table->trigger_count; i++) {
        if (event_of(&table->triggers[i]) != event)
            continue;
        if (*last && strstr(table->triggers[i].sql, last))
            return &table->triggers[i];
        first = first ? first : &table->triggers[i];
    }
    return first;
}

static int try_triggers(struct keel__audit *audit, const struct keel_table_model *table,
                        enum event event, struct keel_error *err)
{
    const struct keel_trigger_model *trigger = blamed(table, event, "");
    const char *sql = trigger ? explain(audit, table, event) : NULL;
    struct keel_query query = {.name = "audit_trigger", .sqlite = sql};
    struct keel_error inner = {0};
    if (!trigger)
        return KEEL_OK;
    if (!sql)
        return keel__nomem(err);
    int rc = keel_db_each(audit->db, &query, KEEL_NO_PARAMS, ignore_row, NULL, &inner);
    if (!rc || is_absent_extension(inner.message))
        return KEEL_OK;
    if (keel__audit_fatal(audit, rc)) {
        if (err)
            *err = inner;
        return rc;
    }
    trigger = blamed(table, event, inner.message);
    struct keel_finding *finding = add(audit, TRIGGER, table);
    if (!finding)
        return keel__nomem(err);
    keel__finding_object(finding, "trigger", trigger->name);
    keel__finding_say(audit, finding, "every %s of %s fails by its trigger: %s",
                      event == ON_INSERT   ? "INSERT"
                      : event == ON_UPDATE ? "UPDATE"
                                           : "DELETE",
                      table->name, inner.message);
    return KEEL_OK;
}

static int broken_triggers(struct keel__audit *audit, struct keel_error *err)
{
    int rc = KEEL_OK;
    for (size_t i = 0; i < audit->schema->table_count; i++)
        for (int event = ON_INSERT; event <= ON_DELETE && !rc; event++)
            if (audit->schema->tables[i].trigger_count &&
                audit->schema->tables[i].kind == KEEL_TABLE_PLAIN)
                rc = try_triggers(audit, &audit->schema->tables[i], (enum event)event, err);
    return rc;
}

/* ---- integrity, free-pages ------------------------------------------------------------------- */

struct lines {
    struct keel__audit *audit;
    const char *texts[MAX_CHECK_LINES];
    size_t count;
};

static int each_line(void *context, const struct keel_row *row, struct keel_error *err)
{
    struct lines *lines = context;
    struct keel_slice text = keel_row_text(row, 0);
    if (lines->count == MAX_CHECK_LINES || (text.size == 2 && memcmp(text.data, "ok", 2) == 0))
        return KEEL_OK;
    lines->texts[lines->count] = keel__arena_dup(lines->audit->arena, text);
    return lines->texts[lines->count++] ? KEEL_OK : keel__nomem(err);
}

static int file_pages(struct keel__audit *audit, int64_t numbers[3], bool *answered,
                      struct keel_error *err)
{
    return keel__ask_numbers(audit, "database file",
                             "SELECT (SELECT page_count FROM pragma_page_count), (SELECT "
                             "freelist_count FROM pragma_freelist_count), (SELECT page_size FROM "
                             "pragma_page_size)",
                             numbers, 3, answered, err);
}

static int integrity(struct keel__audit *audit, struct keel_error *err)
{
    int64_t pages[3];
    bool answered, full = audit->options->sample_rows < 0;
    struct lines lines = {.audit = audit};
    int rc = file_pages(audit, pages, &answered, err);
    if (rc || !answered)
        return rc;
    int64_t bytes = pages[0] * pages[2];
    if (bytes > check_quick_bytes && !full)
        return KEEL_OK;
    rc = keel__ask_each(audit, "integrity check",
                        bytes <= check_all_bytes || full ? "PRAGMA integrity_check(10)"
                                                         : "PRAGMA quick_check(10)",
                        each_line, &lines, &answered, err);
    if (rc || !lines.count)
        return rc;
    struct keel_finding *finding = add(audit, INTEGRITY, NULL);
    if (!finding)
        return keel__nomem(err);
    for (size_t i = 0; i < lines.count; i++)
        keel__finding_example(audit, finding, keel_slice_of(lines.texts[i]));
    keel__finding_say(audit, finding, "the file is damaged, or rows break its rules: %s",
                      lines.texts[0]);
    return KEEL_OK;
}

static int free_pages(struct keel__audit *audit, struct keel_error *err)
{
    int64_t pages[3];
    bool answered;
    int rc = file_pages(audit, pages, &answered, err);
    if (rc || !answered || pages[1] < MIN_FREE_PAGES || pages[1] * 2 <= pages[0])
        return rc;
    int64_t bytes = pages[1] * pages[2];
    struct keel_finding *finding = add(audit, FREE_PAGES, NULL);
    if (!finding)
        return keel__nomem(err);
    keel__finding_count(audit, finding, "free pages", pages[1]);
    keel__finding_count(audit, finding, "pages", pages[0]);
    keel__finding_say(
        audit, finding,
        "%lld of %lld pages of the file are free (%lld bytes): VACUUM gives them back",
        (long long)pages[1], (long long)pages[0], (long long)bytes);
    return KEEL_OK;
}

/* ---- what PostgreSQL has counted ------------------------------------------------------------- */

static const struct keel_table_model *table_called(const struct keel__audit *audit,
                                                   const char *schema, const char *name)
{
    for (size_t i = 0; i < audit->schema->table_count; i++) {
        const struct keel_table_model *table = &audit->schema->tables[i];
        if (strcmp(table->name, name) == 0 &&
            (table->schema ? schema && strcmp(table->schema, schema) == 0 : !schema))
            return table;
    }
    return NULL;
}

struct activity {
    struct keel__audit *audit;
    int rule;
};

static int dead_rows(struct keel__audit *audit, const struct keel_table_model *table, int64_t live,
                     int64_t dead, struct keel_error *err)
{
    if (dead < MIN_TABLE_ROWS || dead * 5 < live)
        return KEEL_OK;
    struct keel_finding *finding = add(audit, DEAD_ROWS, table);
    if (!finding)
        return keel__nomem(err);
    keel__finding_count(audit, finding, "dead rows", dead);
    keel__finding_count(audit, finding, "live rows", live);
    keel__finding_say(audit, finding,
                      "%s holds %lld dead rows beside %lld live ones: autovacuum does not keep up, "
                      "or an old transaction holds it back",
                      table->name, (long long)dead, (long long)live);
    return KEEL_OK;
}

static int no_statistics(struct keel__audit *audit, const struct keel_table_model *table,
                         int64_t live, int64_t changed, bool never, struct keel_error *err)
{
    if (live < MIN_TABLE_ROWS || (!never && changed < live))
        return KEEL_OK;
    struct keel_finding *finding = add(audit, STATISTICS, table);
    const char *name = keel__ask_table(audit, table);
    const char *sql = name ? keel__ask_format(audit, "ANALYZE %s", name) : NULL;
    struct keel__repair *repair =
        finding ? keel__repair_add(audit, finding, KEEL__REPAIR_STATEMENT, table) : NULL;
    if (!sql || !repair)
        return keel__nomem(err);
    repair->up_sql = sql;
    finding->fix_text = "ANALYZE";
    if (never)
        keel__finding_say(audit, finding,
                          "%s has about %lld rows and was never analyzed: the planner guesses",
                          table->name, (long long)live);
    else
        keel__finding_say(audit, finding,
                          "%lld rows of %s were changed since it was analyzed; it has about %lld",
                          (long long)changed, table->name, (long long)live);
    return KEEL_OK;
}

static int each_activity(void *context, const struct keel_row *row, struct keel_error *err)
{
    struct activity *activity = context;
    struct keel__audit *audit = activity->audit;
    const char *schema = keel__arena_dup(audit->arena, keel_row_text(row, 0));
    const char *name = keel__arena_dup(audit->arena, keel_row_text(row, 1));
    if (!name)
        return keel__nomem(err);
    const struct keel_table_model *table = table_called(audit, schema, name);
    if (!table)
        return KEEL_OK;
    return activity->rule == DEAD_ROWS
               ? dead_rows(audit, table, keel_row_int(row, 2), keel_row_int(row, 3), err)
               : no_statistics(audit, table, keel_row_int(row, 2), keel_row_int(row, 4),
                               keel_row_bool(row, 5), err);
}

static int ask_activity(struct keel__audit *audit, int rule, struct keel_error *err)
{
    struct activity activity = {.audit = audit, .rule = rule};
    bool answered;
    return keel__ask_each(audit, "table statistics",
                          "SELECT NULLIF(schemaname::text, current_schema()::text), relname::text, "
                          "n_live_tup, n_dead_tup, n_mod_since_analyze, coalesce(last_analyze, "
                          "last_autoanalyze) IS NULL FROM pg_stat_user_tables ORDER BY 1, 2",
                          each_activity, &activity, &answered, err);
}

static int ask_dead_rows(struct keel__audit *audit, struct keel_error *err)
{
    return ask_activity(audit, DEAD_ROWS, err);
}

static int ask_statistics(struct keel__audit *audit, struct keel_error *err)
{
    return ask_activity(audit, STATISTICS, err);
}

/* ---- statistics-old: sqlite_stat1 ------------------------------------------------------------ */

static int each_stat(void *context, const struct keel_row *row, struct keel_error *err)
{
    struct keel__audit *audit = context;
    const char *name = keel__arena_dup(audit->arena, keel_row_text(row, 0));
    int64_t then = keel_row_int(row, 1);
    const struct keel_table_model *table = name ? table_called(audit, NULL, name) : NULL;
    const struct keel__table_facts *facts = table ? keel__facts_of(audit, table) : NULL;
    if (!facts || !facts->scanned || facts->row_count < MIN_TABLE_ROWS ||
        (then * 5 > facts->row_count && then < facts->row_count * 5))
        return KEEL_OK;
    struct keel_finding *finding = add(audit, OLD_STATISTICS, table);
    if (!finding)
        return keel__nomem(err);
    keel__finding_count(audit, finding, "rows when analyzed", then);
    keel__finding_count(audit, finding, "rows", facts->row_count);
    keel__finding_say(audit, finding,
                      "%s had %lld rows when it was analyzed and has %lld now: run PRAGMA optimize",
                      table->name, (long long)then, (long long)facts->row_count);
    return KEEL_OK;
}

static int old_statistics(struct keel__audit *audit, struct keel_error *err)
{
    int64_t there;
    bool answered;
    int rc = keel__ask_numbers(
        audit, "sqlite_stat1",
        "SELECT count(*) FROM sqlite_schema WHERE type = 'table' AND name = 'sqlite_stat1'", &there,
        1, &answered, err);
    if (rc || !answered || !there)
        return rc;
    return keel__ask_each(audit, "sqlite_stat1",
                          "SELECT tbl, max(CAST(stat AS INTEGER)) FROM sqlite_stat1 GROUP BY tbl",
                          each_stat, audit, &answered, err);
}

/* ---- sequence-behind ------------------------------------------------------------------------- */

struct sequence {
    struct keel__audit *audit;
    const char *name;
    int64_t next, last, start;
    bool called, found;
};

static int take_sequence(void *context, const struct keel_row *row, struct keel_error *err)
{
    struct sequence *sequence = context;
    sequence->name = keel__arena_dup(sequence->audit->arena, keel_row_text(row, 0));
    sequence->called = !keel_row_is_null(row, 1);
    sequence->last = keel_row_int(row, 1);
    sequence->start = keel_row_int(row, 2);
    sequence->next = sequence->called ? sequence->last + keel_row_int(row, 3) : sequence->start;
    sequence->found = keel_row_int(row, 3) > 0;
    return sequence->name ? KEEL_OK : keel__nomem(err);
}

static int report_sequence(struct keel__audit *audit, const struct keel_table_model *table,
                           const struct keel_column_model *column, const struct sequence *sequence,
                           int64_t highest, struct keel_error *err)
{
    struct keel_finding *finding = add(audit, SEQUENCE, table);
    struct keel__repair *repair =
        finding ? keel__repair_add(audit, finding, KEEL__REPAIR_STATEMENT, table) : NULL;
    const char *name = keel__ask_string(audit, sequence->name);
    const char *x = keel__ask_name(audit, column->name), *t = keel__ask_table(audit, table);
    if (!repair || !name || !x || !t)
        return keel__nomem(err);
    keel__finding_column(audit, finding, column->name);
    keel__finding_count(audit, finding, "next value", sequence->next);
    keel__finding_count(audit, finding, "highest value", highest);
    keel__finding_say(
        audit, finding,
        "the sequence of %s gives %lld next, but there are values up to %lld: the next "
        "INSERT fails, or stores a value twice",
        column->name, (long long)sequence->next, (long long)highest);
    repair->up_sql =
        keel__ask_format(audit, "SELECT setval(%s, (SELECT max(%s) FROM %s))", name, x, t);
    repair->down_sql =
        keel__ask_format(audit, "SELECT setval(%s, %lld, %s)", name,
                         (long long)(sequence->called ? sequence->last : sequence->start),
                         sequence->called ? "true" : "false");
    finding->fix_text = "setval to the highest value";
    return repair->up_sql && repair->down_sql ? KEEL_OK : keel__nomem(err);
}

static int check_sequence(struct keel__audit *audit, const struct keel_table_model *table,
                          const struct keel_column_model *column, struct keel_error *err)
{
    struct sequence sequence = {.audit = audit};
    int64_t highest[2];
    bool answered;
    const char *t = keel__ask_table(audit, table), *x = keel__ask_name(audit, column->name);
    const char *table_text = t ? keel__ask_string(audit, t) : NULL;
    const char *column_text = keel__ask_string(audit, column->name);
    if (!t || !x || !table_text || !column_text)
        return keel__nomem(err);
    int rc = keel__ask_each(
        audit, table->name,
        keel__ask_format(audit,
                         "SELECT q.name, s.last_value, s.start_value, s.increment_by FROM (SELECT "
                         "pg_get_serial_sequence(%s, %s) AS name) q JOIN pg_sequences s ON "
                         "format('%%I.%%I', s.schemaname, s.sequencename) = q.name",
                         table_text, column_text),
        take_sequence, &sequence, &answered, err);
    if (rc || !answered || !sequence.found || !keel__ask_indexed(table, column->name))
        return rc;
    rc = keel__ask_numbers(audit, table->name,
                           keel__ask_format(audit, "SELECT max(%s)::bigint, 0 FROM %s", x, t),
                           highest, 1, &answered, err);
    return rc || !answered || highest[0] < sequence.next
               ? rc
               : report_sequence(audit, table, column, &sequence, highest[0], err);
}

static int sequences(struct keel__audit *audit, struct keel_error *err)
{
    int rc = KEEL_OK;
    for (size_t i = 0; i < audit->schema->table_count; i++) {
        const struct keel_table_model *table = &audit->schema->tables[i];
        if (!keel__table_is_read(table))
            continue;
        for (size_t c = 0; c < table->column_count && !rc; c++)
            if (table->columns[c].identity != KEEL_IDENTITY_NONE)
                rc = check_sequence(audit, table, &table->columns[c], err);
    }
    return rc;
}

/* ---- constraint-not-valid -------------------------------------------------------------------- */

static int not_valid(struct keel__audit *audit, const struct keel_table_model *table,
                     const char *name, const char *what, struct keel_error *err)
{
    struct keel_finding *finding = add(audit, NOT_VALID, table);
    struct keel__repair *repair =
        finding ? keel__repair_add(audit, finding, KEEL__REPAIR_CHOICE, table) : NULL;
    const char *t = keel__ask_table(audit, table), *n = keel__ask_name(audit, name);
    if (!repair || !t || !n)
        return keel__nomem(err);
    keel__finding_object(finding, "constraint", name);
    keel__finding_say(audit, finding, "the %s %s was never checked against the rows of %s", what,
                      name, table->name);
    finding->fix_text = "mend the rows that break it, then VALIDATE CONSTRAINT";
    repair->choices = keel__ask_format(
        audit, "ALTER TABLE %s VALIDATE CONSTRAINT %s;  fails while rows break it", t, n);
    return repair->choices ? KEEL_OK : keel__nomem(err);
}

static int constraints_not_valid(struct keel__audit *audit, struct keel_error *err)
{
    int rc = KEEL_OK;
    for (size_t i = 0; i < audit->schema->table_count; i++) {
        const struct keel_table_model *table = &audit->schema->tables[i];
        for (size_t k = 0; k < table->foreign_key_count && !rc; k++)
            if (table->foreign_keys[k].not_valid)
                rc = not_valid(audit, table, table->foreign_keys[k].name, "foreign key", err);
        for (size_t k = 0; k < table->check_count && !rc; k++)
            if (table->checks[k].not_valid)
                rc = not_valid(audit, table, table->checks[k].name, "check", err);
    }
    return rc;
}

/* ---- the family ------------------------------------------------------------------------------ */

static const struct keel__rule rules[] = {
    [VIEW] = {.about = {.id = "broken-view",
                        .family = "health",
                        .severity = KEEL_SEVERITY_ERROR,
                        .fix = KEEL_FIX_NONE,
                        .on_sqlite = true,
                        .on_postgres = true,
                        .title = "A view or virtual table cannot be read",
                        .why = "Every query of it fails; in SQLite it also makes ALTER TABLE "
                               "... RENAME fail.",
                        .evidence = "What the database says when it is asked for its columns. A "
                                    "function, collation or module that only the application "
                                    "knows is no fault.",
                        .how = "Drop it, or write it anew over the columns there are.",
                        .wrong_when = "Never."},
              .schema = broken_views},
    [TRIGGER] = {.about = {.id = "broken-trigger",
                           .family = "health",
                           .severity = KEEL_SEVERITY_ERROR,
                           .fix = KEEL_FIX_NONE,
                           .on_sqlite = true,
                           .title = "A trigger names what is not there",
                           .why = "Every statement that sets it off fails.",
                           .evidence = "EXPLAIN of an INSERT, UPDATE and DELETE of each table with "
                                       "triggers, which prepares them and runs nothing.",
                           .how = "Drop it, or write it anew.",
                           .wrong_when = "Never."},
                 .schema = broken_triggers},
    [INTEGRITY] = {.about = {.id = "integrity",
                             .family = "health",
                             .severity = KEEL_SEVERITY_ERROR,
                             .fix = KEEL_FIX_NONE,
                             .on_sqlite = true,
                             .reads_data = true,
                             .title = "The database file is damaged",
                             .why = "Rows are lost, or two ways to the same row give two answers.",
                             .evidence = "PRAGMA integrity_check up to 64 MiB, quick_check (which "
                                         "leaves indexes out) up to 256 MiB; with --full "
                                         "integrity_check whatever the size.",
                             .how = "REINDEX for faults in indexes only; else .recover from the "
                                    "shell, or a backup.",
                             .wrong_when = "Never."},
                   .schema = integrity},
    [FREE_PAGES] = {.about = {.id = "free-pages",
                              .family = "health",
                              .severity = KEEL_SEVERITY_ADVICE,
                              .fix = KEEL_FIX_NONE,
                              .on_sqlite = true,
                              .title = "Much of the file is empty",
                              .why = "Backups and copies carry what nobody needs; after many "
                                     "deletes rows also lie far apart.",
                              .evidence =
                                  "More than half of the pages, and 256, are free. A migration "
                                  "that rebuilds tables leaves half of them free, which "
                                  "new rows fill again.",
                              .how = "VACUUM, when nobody else writes.",
                              .wrong_when = "When it will fill up again soon."},
                    .schema = free_pages},
    [DEAD_ROWS] = {.about = {.id = "dead-rows",
                             .family = "health",
                             .severity = KEEL_SEVERITY_ADVICE,
                             .fix = KEEL_FIX_NONE,
                             .on_postgres = true,
                             .title = "A table is full of dead rows",
                             .why = "Every scan reads them.",
                             .evidence = "pg_stat_user_tables: 10,000 dead rows and more, and a "
                                         "fifth of the live ones.",
                             .how = "VACUUM; then autovacuum_vacuum_scale_factor of the table, and "
                                    "transactions that stay open.",
                             .wrong_when = "Just after a big change, before autovacuum has come."},
                   .schema = ask_dead_rows},
    [STATISTICS] = {.about = {.id = "statistics-missing",
                              .family = "health",
                              .severity = KEEL_SEVERITY_ADVICE,
                              .fix = KEEL_FIX_AUTOMATIC,
                              .on_postgres = true,
                              .title = "A table was never analyzed, or long ago",
                              .why =
                                  "The planner guesses, and takes scans where an index would do.",
                              .evidence = "pg_stat_user_tables: 10,000 rows and more, and no "
                                          "analyze, or as many changes since as there are rows.",
                              .how = "ANALYZE.",
                              .wrong_when = "Just after a load, before autovacuum has come."},
                    .schema = ask_statistics},
    [OLD_STATISTICS] = {.about = {.id = "statistics-old",
                                  .family = "health",
                                  .severity = KEEL_SEVERITY_ADVICE,
                                  .fix = KEEL_FIX_NONE,
                                  .on_sqlite = true,
                                  .title = "The statistics of a table are old",
                                  .why =
                                      "The planner takes the table for smaller or bigger than it "
                                      "is.",
                                  .evidence = "sqlite_stat1: the table has five times the rows, or "
                                              "a fifth, and 10,000 at least.",
                                  .how = "PRAGMA optimize, best at the end of every connection.",
                                  .wrong_when = "When plans are kept stable on purpose."},
                        .schema = old_statistics},
    [SEQUENCE] = {.about = {.id = "sequence-behind",
                            .family = "health",
                            .severity = KEEL_SEVERITY_ERROR,
                            .fix = KEEL_FIX_AUTOMATIC,
                            .on_postgres = true,
                            .reads_data = true,
                            .title = "A sequence is behind the values of its column",
                            .why = "The next INSERT fails on the key. It comes from rows that were "
                                   "loaded with their ids.",
                            .evidence = "The next value of a serial or identity column's sequence "
                                        "against the highest value, where an index leads with the "
                                        "column.",
                            .how = "setval to the highest value.",
                            .wrong_when = "When all ids come from elsewhere; then the column needs "
                                          "no sequence."},
                  .schema = sequences},
    [NOT_VALID] = {.about = {.id = "constraint-not-valid",
                             .family = "health",
                             .severity = KEEL_SEVERITY_WARNING,
                             .fix = KEEL_FIX_NEEDS_DECISION,
                             .on_postgres = true,
                             .title = "A constraint was never checked against the rows there are",
                             .why = "Rows may break it, and the planner does not rely on it.",
                             .evidence = "NOT VALID foreign keys and checks.",
                             .how =
                                 "ALTER TABLE ... VALIDATE CONSTRAINT, after the rows that break "
                                 "it are mended.",
                             .wrong_when = "When old rows are known to break it and are to stay."},
                   .schema = constraints_not_valid},
};

const struct keel__rules keel__rules_health = {rules, sizeof rules / sizeof *rules};

static struct keel_finding *add(struct keel__audit *audit, int rule,
                                const struct keel_table_model *table)
{
    return keel__finding_add(audit, &rules[rule], table);
}
