#include "audit/rules_words.h"

#include "audit/column.h"
#include "base/error.h"

#include <stdio.h>
#include <string.h>

/* ---- defaults that live in the application --------------------------------------------------- */

/* A column that programs fill in without asking anybody. */
static bool wants_default(const struct keel_table_model *table,
                          const struct keel_column_model *column)
{
    if (column->generated != KEEL_GENERATED_NO || column->identity != KEEL_IDENTITY_NONE ||
        keel__column_primary(table, column->name))
        return false;
    return keel__name_starts(column->name, "is has") ||
           keel__name_ends(column->name, "status state count attempts version quota") ||
           (keel__name_has(column->name, "created updated inserted modified added") &&
            keel__name_ends(column->name, "at on time date timestamp"));
}

int keel__defaults_elsewhere_schema(struct keel__audit *audit, struct keel_error *err)
{
    size_t tables = 0, checked = 0, without = 0, wanting = 0, mandatory = 0, defaults = 0;
    for (size_t i = 0; i < audit->schema->table_count; i++) {
        const struct keel_table_model *table = &audit->schema->tables[i];
        size_t wanted = 0, given = 0;
        for (size_t c = 0; c < table->column_count && keel__table_is_read(table); c++) {
            const struct keel_column_model *column = &table->columns[c];
            bool has =
                column->default_kind != KEEL_DEFAULT_NONE && column->identity == KEEL_IDENTITY_NONE;
            given += has;
            mandatory += column->not_null && !has && column->identity == KEEL_IDENTITY_NONE &&
                         !keel__column_primary(table, column->name);
            wanted += wants_default(table, column) && !has;
        }
        tables += given > 0 || wanted > 0;
        checked += (given > 0 || wanted > 0) && table->check_count > 0;
        without += given == 0 && wanted > 0;
        wanting += given == 0 ? wanted : 0;
        defaults += given;
    }
    if (tables < 3 || wanting < 6 || without * 5 < tables * 3 || checked * 2 > tables)
        return KEEL_OK;
    struct keel_finding *finding =
        keel__finding_add(audit, KEEL__CONSTRAINTS(KEEL__CONSTRAINTS_DEFAULTS_ELSEWHERE), NULL);
    if (!finding)
        return keel__nomem(err);
    keel__finding_count(audit, finding, "columns with a default", (int64_t)defaults);
    keel__finding_count(audit, finding, "NOT NULL columns without one", (int64_t)mandatory);
    keel__finding_count(audit, finding, "tables without any default", (int64_t)without);
    keel__finding_say(audit, finding,
                      "%zu of %zu tables have no DEFAULT at all, not even for the %zu columns that "
                      "are filled in with every row (times, states, flags, counters): their "
                      "defaults live in the application only",
                      without, tables, wanting);
    return KEEL_OK;
}

/* ---- times that fill in themselves in one table and not in the next -------------------------- */

enum { MAX_LISTED = 64 };

struct times {
    const char *name; /* created_at, updated_at: as it is called */
    size_t with, without;
};

static bool is_record_time(const struct keel_column_model *column)
{
    return keel__name_starts(column->name, "created updated modified inserted") &&
           keel__name_ends(column->name, "at on time timestamp date");
}

static struct times *times_of(struct times *all, size_t *count, const char *name)
{
    for (size_t i = 0; i < *count; i++)
        if (strcmp(all[i].name, name) == 0)
            return &all[i];
    if (*count == MAX_LISTED)
        return NULL;
    all[*count] = (struct times){.name = name};
    return &all[(*count)++];
}

static size_t count_times(const struct keel__audit *audit, struct times *all)
{
    size_t count = 0;
    for (size_t i = 0; i < audit->schema->table_count; i++) {
        const struct keel_table_model *table = &audit->schema->tables[i];
        for (size_t c = 0; c < table->column_count && keel__table_is_read(table); c++) {
            const struct keel_column_model *column = &table->columns[c];
            struct times *times =
                is_record_time(column) ? times_of(all, &count, column->name) : NULL;
            if (!times)
                continue;
            if (column->default_kind != KEEL_DEFAULT_NONE)
                times->with++;
            else
                times->without++;
        }
    }
    return count;
}

static void name_without(struct keel__audit *audit, struct keel_finding *finding,
                         const struct times *times)
{
    for (size_t i = 0; i < audit->schema->table_count; i++) {
        const struct keel_table_model *table = &audit->schema->tables[i];
        const struct keel_column_model *column =
            keel__table_is_read(table) ? keel_table_column(table, times->name) : NULL;
        if (!column || column->default_kind != KEEL_DEFAULT_NONE)
            continue;
        const char *place = keel__arena_printf(audit->arena, "%s.%s", table->name, column->name);
        if (place)
            keel__finding_example(audit, finding, keel_slice_of(place));
    }
}

int keel__defaults_differ_schema(struct keel__audit *audit, struct keel_error *err)
{
    struct times all[MAX_LISTED];
    size_t count = count_times(audit, all), with = 0, without = 0;
    for (size_t i = 0; i < count; i++)
        if (all[i].with > 0) {
            with += all[i].with;
            without += all[i].without;
        }
    if (with < 2 || without == 0)
        return KEEL_OK;
    struct keel_finding *finding =
        keel__finding_add(audit, KEEL__CONSTRAINTS(KEEL__CONSTRAINTS_DEFAULTS_DIFFER), NULL);
    if (!finding)
        return keel__nomem(err);
    keel__finding_count(audit, finding, "with a default", (int64_t)with);
    keel__finding_count(audit, finding, "without a default", (int64_t)without);
    for (size_t i = 0; i < count; i++)
        if (all[i].with > 0)
            name_without(audit, finding, &all[i]);
    keel__finding_say(audit, finding,
                      "%zu columns for the time of creation or change fill themselves in and %zu "
                      "others of the same names do not: a writer has to know which",
                      with, without);
    return KEEL_OK;
}
