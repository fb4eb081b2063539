#include "schema/render.h"

static int render_own(struct keel__str *out, const struct keel_schema *schema,
                      struct keel_error *err)
{
    keel__sql_unmodelled(out, schema);
    if (schema->dialect == KEEL_POSTGRES)
        return keel__render_postgres(out, schema, err);
    keel__render_sqlite(out, schema);
    return 0;
}

static int render_sql(struct keel__str *out, const struct keel_schema *schema,
                      enum keel_dialect dialect, struct keel_error *err)
{
    struct keel_schema *other = NULL;
    if (dialect == schema->dialect)
        return render_own(out, schema, err);
    int rc = keel_schema_translate(&other, schema, dialect, err);
    if (rc == 0)
        rc = render_own(out, other, err);
    keel_schema_free(other);
    return rc;
}

int keel_schema_render(char **out, const struct keel_schema *schema, enum keel_schema_format format,
                       enum keel_dialect dialect, struct keel_error *err)
{
    struct keel__str text;
    int rc = 0;
    *out = NULL;
    keel__str_init(&text, 0);
    switch (format) {
    case KEEL_SCHEMA_SQL:
        rc = render_sql(&text, schema, dialect, err);
        break;
    case KEEL_SCHEMA_JSON:
        keel__render_json(&text, schema);
        break;
    case KEEL_SCHEMA_MARKDOWN:
        keel__render_markdown(&text, schema);
        break;
    case KEEL_SCHEMA_MERMAID:
        keel__render_mermaid(&text, schema);
        break;
    default:
        rc = keel_error_set(err, KEEL_INVALID, "there is no schema format %d", (int)format);
    }
    keel__str_append(&text, "", 0);
    if (!rc)
        rc = keel__str_error(&text, err);
    if (!rc && !text.data)
        keel__str_char(&text, '\n');
    if (!rc)
        *out = keel__str_steal(&text);
    keel__str_fini(&text);
    return rc;
}
