#include "audit/scan.h"
#include "schema/model.h"
#include "schema/render.h"

static enum keel__decode decode_of(const struct keel_logical_type *type)
{
    if (type->dimensions)
        return KEEL__DECODE_OPAQUE;
    switch (type->kind) {
    case KEEL_LOGICAL_BOOLEAN:
        return KEEL__DECODE_BOOLEAN;
    case KEEL_LOGICAL_INTEGER:
        return KEEL__DECODE_INTEGER;
    case KEEL_LOGICAL_REAL:
        return KEEL__DECODE_REAL;
    case KEEL_LOGICAL_DECIMAL:
        return KEEL__DECODE_DECIMAL;
    case KEEL_LOGICAL_BYTES:
        return KEEL__DECODE_LENGTH;
    case KEEL_LOGICAL_TEXT:
    case KEEL_LOGICAL_DATE:
    case KEEL_LOGICAL_TIMESTAMP:
    case KEEL_LOGICAL_UUID:
    case KEEL_LOGICAL_JSON:
    case KEEL_LOGICAL_ENUM:
        return KEEL__DECODE_TEXT;
    default:
        return KEEL__DECODE_OPAQUE;
    }
}

/* A domain's name as its columns' types have it: with its schema where that is not the first. */
static bool is_named(const struct keel_domain_model *domain, const char *name)
{
    const char *dot = strrchr(name, '.');
    return strcmp(domain->name, name) == 0 || (dot && strcmp(domain->name, dot + 1) == 0);
}

static const struct keel_domain_model *domain_of(const struct keel_schema *schema, const char *name)
{
    for (size_t i = 0; i < schema->domain_count && name; i++)
        if (is_named(&schema->domains[i], name))
            return &schema->domains[i];
    return NULL;
}

/* What a domain is made of in the end: it may be over another domain. */
static struct keel_logical_type base_of(const struct keel_schema *schema,
                                        struct keel_logical_type type)
{
    enum { MAX_DEPTH = 16 };
    const char *name = type.kind == KEEL_LOGICAL_DOMAIN ? type.name : NULL;
    for (int depth = 0; depth < MAX_DEPTH; depth++) {
        const struct keel_domain_model *domain = domain_of(schema, name);
        if (!domain)
            break;
        name = domain->base_type;
        keel_logical_type_of(KEEL_POSTGRES, keel_slice_of(name), &type);
    }
    return type;
}

enum keel__decode keel__scan_decode(const struct keel__audit *audit,
                                    const struct keel_column_model *column)
{
    if (audit->dialect == KEEL_SQLITE)
        return KEEL__DECODE_AS_IT_IS;
    struct keel_logical_type type = base_of(audit->schema, column->type);
    return decode_of(&type);
}

static void column_sql(struct keel__str *out, const struct keel__scan *scan, size_t index)
{
    enum keel__decode decode = scan->columns[index].decode;
    if (decode == KEEL__DECODE_LENGTH)
        keel__str_text(out, "octet_length(");
    keel__str_text(out, "t.");
    keel__sql_name(out, scan->table->columns[index].name);
    if (decode == KEEL__DECODE_LENGTH)
        keel__str_char(out, ')');
    else if (decode != KEEL__DECODE_AS_IT_IS)
        keel__str_text(out, "::text");
}

/* SQLite: the example as text where it matches, 0 where it does not, NULL where it is NULL; the
 * condition is computed once. PostgreSQL has one type a column: '1' and the example, or '0'. */
static void probe_sql(struct keel__str *out, const struct keel__scan *scan, size_t index)
{
    const struct keel__probe_scan *probe = &scan->probes[index];
    const char *example = probe->example ? probe->example : "''";
    if (scan->audit->dialect == KEEL_SQLITE)
        keel__str_printf(out,
                         "CASE NOT (%s) WHEN 0 THEN substr(CAST(coalesce(%s, '') AS TEXT), 1, 200) "
                         "WHEN 1 THEN 0 END",
                         probe->expression, example);
    else
        keel__str_printf(out,
                         "CASE (%s) WHEN true THEN '1' || left(coalesce((%s)::text, ''), 200) "
                         "WHEN false THEN '0' END",
                         probe->expression, example);
}

void keel__scan_name(struct keel__str *out, const struct keel__scan *scan)
{
    keel__sql_qualified(out, scan->table->schema, scan->table->name);
}

void keel__scan_from(struct keel__str *out, const struct keel__scan *scan)
{
    bool only = scan->audit->dialect == KEEL_POSTGRES && scan->table->kind == KEEL_TABLE_PLAIN;
    keel__str_text(out, only ? " FROM ONLY " : " FROM ");
    keel__scan_name(out, scan);
    keel__str_text(out, " AS t");
}

void keel__scan_select(struct keel__str *out, const struct keel__scan *scan, const char *last,
                       const char *tail)
{
    const char *comma = "";
    keel__str_text(out, "SELECT ");
    for (size_t i = 0; scan->with_columns && i < scan->table->column_count; i++) {
        keel__str_text(out, comma);
        column_sql(out, scan, i);
        comma = ", ";
    }
    for (size_t i = scan->first_probe; i < scan->probe_end; i++) {
        keel__str_text(out, comma);
        probe_sql(out, scan, i);
        comma = ", ";
    }
    if (last)
        keel__str_printf(out, "%s%s", comma, last);
    else if (!*comma)
        keel__str_text(out, "1");
    keel__scan_from(out, scan);
    if (tail)
        keel__str_printf(out, " %s", tail);
}

void keel__scan_probe_sql(struct keel__str *out, const struct keel__scan *scan, size_t probe)
{
    keel__str_text(out, "SELECT ");
    probe_sql(out, scan, probe);
    keel__scan_from(out, scan);
    keel__str_text(out, " LIMIT 1");
}

const char *keel__scan_rowid(const struct keel_table_model *table)
{
    static const char *const names[] = {"rowid", "_rowid_", "oid"};
    if (table->without_rowid)
        return NULL;
    for (size_t n = 0; n < sizeof names / sizeof *names; n++) {
        bool taken = false;
        for (size_t i = 0; i < table->column_count && !taken; i++)
            taken = keel__name_is(table->columns[i].name, names[n]);
        if (!taken)
            return names[n];
    }
    return NULL;
}
