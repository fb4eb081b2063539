/* Prints what the audit's scan counts of every table of a database, as JSON, for tests that count
 * the same another way: audit_facts URL SAMPLE_ROWS NOW_US [TABLE COLUMNS FOLD | TABLE a>b]...
 * COLUMNS: names parted by commas. */
#include "audit/run.h"
#include "audit/scan.h"
#include "base/json.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int arguments;
static char **argument;

static size_t column_at(const struct keel_table_model *table, const char *name, size_t size)
{
    for (size_t i = 0; i < table->column_count; i++)
        if (strlen(table->columns[i].name) == size &&
            memcmp(table->columns[i].name, name, size) == 0)
            return i;
    fprintf(stderr, "no column %s\n", name);
    exit(2);
}

static int plan(struct keel__audit *audit, struct keel__scan *scan, struct keel_error *err)
{
    (void)err;
    const struct keel_table_model *table = keel__scan_table(scan);
    for (int i = 4; i + 1 < arguments; i += 2) {
        const char *what = argument[i + 1];
        if (strcmp(argument[i], table->name) != 0)
            continue;
        const char *arrow = strstr(what, "=>");
        if (what[0] == '?') { /* a probe: ?condition??example */
            char *copy = keel__arena_strdup(audit->arena, what + 1);
            char *example = copy ? strstr(copy, "??") : NULL;
            if (!copy)
                exit(2);
            if (example) {
                *example = '\0';
                example += 2;
            }
            keel__scan_probe(scan, what, copy, example);
        } else if (arrow) {
            keel__scan_dependency(scan, what, column_at(table, what, (size_t)(arrow - what)),
                                  column_at(table, arrow + 2, strlen(arrow + 2)));
        } else {
            size_t columns[8], count = 0;
            bool fold = what[0] == '~';
            for (const char *at = what + fold; count < 8;) {
                size_t size = strcspn(at, ",");
                columns[count++] = column_at(table, at, size);
                if (!at[size])
                    break;
                at += size + 1;
            }
            keel__scan_tuple(scan, what, columns, count, fold);
        }
    }
    return 0;
}

static void write_examples(struct keel__json *json, const char *key,
                           const struct keel__examples *examples)
{
    keel__json_key(json, key);
    keel__json_array_begin(json);
    for (int i = 0; i < examples->count; i++)
        keel__json_cstr(json, examples->texts[i]);
    keel__json_array_end(json);
}

static void write_profile(struct keel__json *json, const struct keel__profile *p)
{
    keel__json_key(json, p->column->name);
    keel__json_object_begin(json);
#define NUMBER(name) keel__json_add_int(json, #name, p->name)
    NUMBER(rows), NUMBER(nulls), NUMBER(integers), NUMBER(reals), NUMBER(texts), NUMBER(blobs);
    NUMBER(zeros), NUMBER(ones), NUMBER(negatives), NUMBER(min_integer), NUMBER(max_integer);
    NUMBER(min_bytes), NUMBER(max_bytes), NUMBER(total_bytes), NUMBER(max_characters);
    NUMBER(at_limit), NUMBER(over_100k), NUMBER(min_time_us), NUMBER(max_time_us), NUMBER(future);
    NUMBER(older_1d), NUMBER(older_30d), NUMBER(older_90d), NUMBER(older_365d), NUMBER(distinct);
    NUMBER(distinct_overflow), NUMBER(distinct_folded), NUMBER(duplicate_rows);
#undef NUMBER
    keel__json_add_double(json, "min_real", p->min_real);
    keel__json_add_double(json, "max_real", p->max_real);
    keel__json_key(json, "shapes");
    keel__json_array_begin(json);
    for (size_t i = 0; i < KEEL__SHAPE_COUNT; i++)
        keel__json_int(json, p->shapes[i]);
    keel__json_array_end(json);
    keel__json_key(json, "words");
    keel__json_array_begin(json);
    for (size_t i = 0; i < p->word_count; i++) {
        keel__json_array_begin(json);
        keel__json_cstr(json, p->words[i].text);
        keel__json_int(json, p->words[i].rows);
        keel__json_array_end(json);
    }
    keel__json_array_end(json);
    write_examples(json, "first", &p->first);
    write_examples(json, "negative_examples", &p->negative_examples);
    keel__json_object_end(json);
}

static void write_crosses(struct keel__json *json, const struct keel__table_facts *facts)
{
    keel__json_key(json, "crosses");
    keel__json_array_begin(json);
    for (size_t i = 0; i < facts->cross_count; i++) {
        const struct keel__cross *cross = &facts->crosses[i];
        for (size_t w = 0; w < cross->word_count; w++) {
            const struct keel__cross_cell *cell = &cross->cells[w];
            const int64_t numbers[] = {cell->rows,   cell->nulls,       cell->empties,
                                       cell->json,   cell->json_broken, cell->zeros,
                                       cell->truths, cell->json_scalar};
            keel__json_array_begin(json);
            keel__json_cstr(json, facts->table->columns[cross->words_column].name);
            keel__json_cstr(json, facts->table->columns[cross->other_column].name);
            keel__json_cstr(json, cross->words[w]);
            for (size_t n = 0; n < sizeof numbers / sizeof *numbers; n++)
                keel__json_int(json, numbers[n]);
            keel__json_array_end(json);
        }
    }
    keel__json_array_end(json);
}

static void write_asked(struct keel__json *json, const struct keel__table_facts *facts)
{
    keel__json_key(json, "asked");
    keel__json_object_begin(json);
    for (size_t i = 0; i < facts->tuple_count; i++) {
        const struct keel__tuple *t = &facts->tuples[i];
        const int64_t numbers[] = {t->rows, t->distinct, t->repeated, t->extra_rows, t->overflow};
        keel__json_key(json, t->key);
        keel__json_array_begin(json);
        for (size_t n = 0; n < sizeof numbers / sizeof *numbers; n++)
            keel__json_int(json, numbers[n]);
        keel__json_array_end(json);
    }
    for (size_t i = 0; i < facts->dependency_count; i++) {
        const struct keel__dependency *d = &facts->dependencies[i];
        const int64_t numbers[] = {d->rows, d->groups, d->contradicting, d->pairs, d->overflow};
        keel__json_key(json, d->key);
        keel__json_array_begin(json);
        for (size_t n = 0; n < sizeof numbers / sizeof *numbers; n++)
            keel__json_int(json, numbers[n]);
        keel__json_array_end(json);
    }
    for (size_t i = 0; i < facts->probe_count; i++) {
        const struct keel__probe *p = &facts->probes[i];
        keel__json_key(json, p->key);
        keel__json_array_begin(json);
        keel__json_int(json, p->matching);
        keel__json_int(json, p->nulls);
        keel__json_int(json, p->distinct);
        keel__json_array_end(json);
    }
    keel__json_object_end(json);
}

static void write_facts(struct keel__json *json, const struct keel__table_facts *facts)
{
    keel__json_key(json, facts->table->name);
    keel__json_object_begin(json);
    keel__json_add_bool(json, "scanned", facts->scanned);
    keel__json_add_bool(json, "sampled", facts->sampled);
    keel__json_add_int(json, "rows", facts->rows);
    keel__json_add_int(json, "row_count", facts->row_count);
    keel__json_key(json, "columns");
    keel__json_object_begin(json);
    for (size_t i = 0; i < facts->table->column_count; i++)
        write_profile(json, &facts->profiles[i]);
    keel__json_object_end(json);
    write_crosses(json, facts);
    write_asked(json, facts);
    keel__json_object_end(json);
}

static int scan_all(struct keel__audit *audit, struct keel__json *json, struct keel_error *err)
{
    const struct keel__rule rule = {.about = {.id = "test"}, .plan = plan};
    const struct keel__rule *items[] = {&rule};
    struct keel__rule_choice choice = {items, 1};
    int rc = 0;
    for (size_t i = 0; i < audit->schema->table_count && !rc; i++) {
        struct keel__table_facts facts = {.table = &audit->schema->tables[i]};
        if (facts.table->kind != KEEL_TABLE_PLAIN && facts.table->kind != KEEL_TABLE_PARTITIONED)
            continue;
        rc = keel__facts_init(audit, &facts, err);
        if (!rc)
            rc = keel__scan_read(audit, &choice, &facts, i, err);
        if (!rc)
            write_facts(json, &facts);
    }
    return rc;
}

int main(int argc, char **argv)
{
    struct keel_error err = {0};
    struct keel_db *db = NULL;
    struct keel_schema *schema = NULL;
    struct keel__arena arena;
    struct keel__findings found = {0};
    struct keel__str text;
    struct keel__json json;
    if (argc < 4)
        return 2;
    arguments = argc;
    argument = argv;
    keel__arena_init(&arena, 0);
    keel__str_init(&text, 0);
    keel__json_init(&json, &text, false);
    struct keel_db_options how = {.read_only = true, .must_exist = true, .foreign = true};
    struct keel_audit_options options = {.sample_rows = strtoll(argv[2], NULL, 10)};
    int rc = keel_db_open(&db, argv[1], &how, &err);
    if (!rc)
        rc = keel_schema_read(&schema, db, NULL, &err);
    struct keel__audit audit = {.db = db,
                                .dialect = db ? keel_db_dialect(db) : KEEL_SQLITE,
                                .schema = schema,
                                .options = &options,
                                .now_us = strtoll(argv[3], NULL, 10),
                                .arena = &arena,
                                .found = &found};
    keel__json_object_begin(&json);
    if (!rc)
        rc = scan_all(&audit, &json, &err);
    keel__json_object_end(&json);
    if (rc)
        fprintf(stderr, "%s\n", err.message);
    else
        puts(text.data);
    for (size_t i = 0; i < found.skipped_count; i++)
        fprintf(stderr, "skipped: %s\n", found.skipped[i]);
    keel__str_fini(&text);
    keel_schema_free(schema);
    keel_db_close(db);
    keel__arena_fini(&arena);
    return rc ? 1 : 0;
}
