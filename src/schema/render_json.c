#include "schema/render.h"

#include "base/json.h"

static void names(struct keel__json *json, const char *key, const char *const *items, size_t count)
{
    keel__json_key(json, key);
    keel__json_array_begin(json);
    for (size_t i = 0; i < count; i++)
        keel__json_cstr(json, items ? items[i] : NULL);
    keel__json_array_end(json);
}

static void type(struct keel__json *json, const struct keel_logical_type *t)
{
    keel__json_key(json, "type");
    keel__json_object_begin(json);
    keel__json_add_cstr(json, "kind", keel__logical_kind_word(t->kind));
    if (t->bits)
        keel__json_add_int(json, "bits", t->bits);
    if (t->precision)
        keel__json_add_int(json, "precision", t->precision);
    if (t->scale)
        keel__json_add_int(json, "scale", t->scale);
    if (t->length)
        keel__json_add_int(json, "length", t->length);
    if (t->with_zone)
        keel__json_add_bool(json, "with_zone", true);
    if (t->padded)
        keel__json_add_bool(json, "padded", true);
    if (t->binary)
        keel__json_add_bool(json, "binary", true);
    if (t->dimensions)
        keel__json_add_int(json, "dimensions", t->dimensions);
    if (t->name)
        keel__json_add_cstr(json, "name", t->name);
    keel__json_object_end(json);
}

static void column(struct keel__json *json, const struct keel_column_model *c)
{
    static const char *const affinities[] = {NULL, "BLOB", "TEXT", "NUMERIC", "INTEGER", "REAL"};
    static const char *const defaults[] = {NULL, "literal", "expression"};
    keel__json_object_begin(json);
    keel__json_add_cstr(json, "name", c->name);
    keel__json_add_cstr(json, "declared_type", c->declared_type);
    type(json, &c->type);
    keel__json_add_cstr(json, "affinity", affinities[c->affinity]);
    keel__json_add_bool(json, "not_null", c->not_null);
    keel__json_add_cstr(json, "not_null_conflict", keel__conflict_word(c->not_null_conflict));
    keel__json_add_bool(json, "hidden", c->hidden);
    keel__json_add_cstr(json, "default_kind", defaults[c->default_kind]);
    keel__json_add_cstr(json, "default", c->default_text);
    keel__json_add_cstr(json, "generated", keel__generated_word(c->generated));
    keel__json_add_cstr(json, "generated_expression", c->generated_text);
    keel__json_add_cstr(json, "collation", c->collation);
    keel__json_add_cstr(json, "storage", c->storage);
    keel__json_add_cstr(json, "identity", keel__identity_word(c->identity));
    keel__json_add_cstr(json, "identity_options", c->identity_options);
    keel__json_add_cstr(json, "comment", c->comment);
    keel__json_object_end(json);
}

static void key(struct keel__json *json, const struct keel_key_model *k)
{
    if (!k) {
        keel__json_null(json);
        return;
    }
    keel__json_object_begin(json);
    keel__json_add_cstr(json, "name", k->name);
    names(json, "columns", k->columns, k->column_count);
    keel__json_add_cstr(json, "deferrable", keel__deferrable_words(k->deferrable));
    keel__json_add_cstr(json, "conflict", keel__conflict_word(k->conflict));
    keel__json_add_bool(json, "nulls_not_distinct", k->nulls_not_distinct);
    names(json, "descending", k->descending, k->descending_count);
    names(json, "collations", k->collations, k->collations ? k->column_count : 0);
    names(json, "include", k->include, k->include_count);
    keel__json_object_end(json);
}

static void foreign_key(struct keel__json *json, const struct keel_foreign_key_model *k)
{
    keel__json_object_begin(json);
    keel__json_add_cstr(json, "name", k->name);
    names(json, "columns", k->columns, k->column_count);
    keel__json_add_cstr(json, "parent_schema", k->parent_schema);
    keel__json_add_cstr(json, "parent", k->parent);
    names(json, "parent_columns", k->parent_columns, k->parent_columns ? k->column_count : 0);
    keel__json_add_bool(json, "implicit", k->implicit);
    keel__json_add_cstr(json, "on_delete", keel__action_word(k->on_delete));
    keel__json_add_cstr(json, "on_update", keel__action_word(k->on_update));
    names(json, "set_columns", k->set_columns, k->set_column_count);
    keel__json_add_cstr(json, "match", k->match == KEEL_MATCH_FULL ? "FULL" : "SIMPLE");
    keel__json_add_cstr(json, "deferrable", keel__deferrable_words(k->deferrable));
    keel__json_add_bool(json, "not_valid", k->not_valid);
    keel__json_object_end(json);
}

static void checks(struct keel__json *json, const struct keel_check_model *items, size_t count)
{
    keel__json_key(json, "checks");
    keel__json_array_begin(json);
    for (size_t i = 0; i < count; i++) {
        keel__json_object_begin(json);
        keel__json_add_cstr(json, "name", items[i].name);
        keel__json_add_cstr(json, "expression", items[i].expression);
        keel__json_add_cstr(json, "column", items[i].column);
        keel__json_add_bool(json, "not_valid", items[i].not_valid);
        keel__json_add_bool(json, "no_inherit", items[i].no_inherit);
        keel__json_object_end(json);
    }
    keel__json_array_end(json);
}

static void index_part(struct keel__json *json, const struct keel_index_part *p)
{
    keel__json_object_begin(json);
    keel__json_add_cstr(json, "column", p->column);
    keel__json_add_cstr(json, "expression", p->expression);
    keel__json_add_bool(json, "descending", p->descending);
    keel__json_add_bool(json, "nulls_first", p->nulls_first);
    keel__json_add_cstr(json, "collation", p->collation);
    keel__json_add_cstr(json, "opclass", p->opclass);
    keel__json_object_end(json);
}

static void indexes(struct keel__json *json, const struct keel_index_model *items, size_t count)
{
    keel__json_key(json, "indexes");
    keel__json_array_begin(json);
    for (size_t i = 0; i < count; i++) {
        const struct keel_index_model *x = &items[i];
        keel__json_object_begin(json);
        keel__json_add_cstr(json, "name", x->name);
        keel__json_add_bool(json, "unique", x->unique);
        keel__json_add_bool(json, "valid", x->valid);
        keel__json_add_bool(json, "nulls_not_distinct", x->nulls_not_distinct);
        keel__json_add_cstr(json, "method", x->method);
        keel__json_key(json, "parts");
        keel__json_array_begin(json);
        for (size_t k = 0; k < x->part_count; k++)
            index_part(json, &x->parts[k]);
        keel__json_array_end(json);
        names(json, "include", x->include, x->include_count);
        keel__json_add_cstr(json, "where", x->where);
        keel__json_add_cstr(json, "options", x->options);
        keel__json_object_end(json);
    }
    keel__json_array_end(json);
}

static void triggers(struct keel__json *json, const struct keel_trigger_model *items, size_t count)
{
    keel__json_key(json, "triggers");
    keel__json_array_begin(json);
    for (size_t i = 0; i < count; i++) {
        keel__json_object_begin(json);
        keel__json_add_cstr(json, "name", items[i].name);
        keel__json_add_cstr(json, "function", items[i].function);
        keel__json_add_bool(json, "enabled", items[i].enabled);
        keel__json_add_cstr(json, "sql", items[i].sql);
        keel__json_object_end(json);
    }
    keel__json_array_end(json);
}

static void table(struct keel__json *json, const struct keel_table_model *t)
{
    keel__json_object_begin(json);
    keel__json_add_cstr(json, "schema", t->schema);
    keel__json_add_cstr(json, "name", t->name);
    keel__json_add_cstr(json, "kind", keel__table_kind_word(t->kind));
    keel__json_add_bool(json, "strict", t->strict);
    keel__json_add_bool(json, "without_rowid", t->without_rowid);
    keel__json_add_bool(json, "unlogged", t->unlogged);
    keel__json_add_cstr(json, "options", t->options);
    keel__json_add_cstr(json, "virtual_sql", t->virtual_sql);
    keel__json_add_cstr(json, "broken", t->broken);
    keel__json_add_cstr(json, "partition_by", t->partition_by);
    keel__json_add_cstr(json, "partition_of_schema", t->partition_of_schema);
    keel__json_add_cstr(json, "partition_of", t->partition_of);
    keel__json_add_cstr(json, "partition_bound", t->partition_bound);
    keel__json_add_cstr(json, "inherits_schema", t->inherits_schema);
    keel__json_add_cstr(json, "inherits", t->inherits);
    keel__json_add_cstr(json, "comment", t->comment);
    keel__json_key(json, "columns");
    keel__json_array_begin(json);
    for (size_t i = 0; i < t->column_count; i++)
        column(json, &t->columns[i]);
    keel__json_array_end(json);
    keel__json_key(json, "primary_key");
    key(json, t->primary_key);
    keel__json_key(json, "uniques");
    keel__json_array_begin(json);
    for (size_t i = 0; i < t->unique_count; i++)
        key(json, &t->uniques[i]);
    keel__json_array_end(json);
    keel__json_key(json, "foreign_keys");
    keel__json_array_begin(json);
    for (size_t i = 0; i < t->foreign_key_count; i++)
        foreign_key(json, &t->foreign_keys[i]);
    keel__json_array_end(json);
    checks(json, t->checks, t->check_count);
    keel__json_key(json, "exclusions");
    keel__json_array_begin(json);
    for (size_t i = 0; i < t->exclusion_count; i++) {
        keel__json_object_begin(json);
        keel__json_add_cstr(json, "name", t->exclusions[i].name);
        keel__json_add_cstr(json, "definition", t->exclusions[i].definition);
        keel__json_object_end(json);
    }
    keel__json_array_end(json);
    indexes(json, t->indexes, t->index_count);
    triggers(json, t->triggers, t->trigger_count);
    keel__json_object_end(json);
}

static void view(struct keel__json *json, const struct keel_view_model *v)
{
    keel__json_object_begin(json);
    keel__json_add_cstr(json, "schema", v->schema);
    keel__json_add_cstr(json, "name", v->name);
    keel__json_add_bool(json, "materialized", v->materialized);
    names(json, "columns", v->columns, v->column_count);
    keel__json_add_cstr(json, "options", v->options);
    keel__json_add_cstr(json, "body", v->body);
    keel__json_add_cstr(json, "broken", v->broken);
    keel__json_add_cstr(json, "comment", v->comment);
    indexes(json, v->indexes, v->index_count);
    triggers(json, v->triggers, v->trigger_count);
    keel__json_object_end(json);
}

static void sequence(struct keel__json *json, const struct keel_sequence_model *s)
{
    keel__json_object_begin(json);
    keel__json_add_cstr(json, "schema", s->schema);
    keel__json_add_cstr(json, "name", s->name);
    keel__json_add_cstr(json, "type", s->type);
    keel__json_add_int(json, "start", s->start);
    keel__json_add_int(json, "increment", s->increment);
    keel__json_add_int(json, "minimum", s->minimum);
    keel__json_add_int(json, "maximum", s->maximum);
    keel__json_add_int(json, "cache", s->cache);
    keel__json_add_bool(json, "cycle", s->cycle);
    keel__json_add_cstr(json, "owner_table", s->owner_table);
    keel__json_add_cstr(json, "owner_column", s->owner_column);
    keel__json_object_end(json);
}

static void types(struct keel__json *json, const struct keel_schema *schema)
{
    keel__json_key(json, "enums");
    keel__json_array_begin(json);
    for (size_t i = 0; i < schema->enum_count; i++) {
        const struct keel_enum_model *e = &schema->enums[i];
        keel__json_object_begin(json);
        keel__json_add_cstr(json, "schema", e->schema);
        keel__json_add_cstr(json, "name", e->name);
        names(json, "labels", e->labels, e->label_count);
        keel__json_add_cstr(json, "comment", e->comment);
        keel__json_object_end(json);
    }
    keel__json_array_end(json);
    keel__json_key(json, "domains");
    keel__json_array_begin(json);
    for (size_t i = 0; i < schema->domain_count; i++) {
        const struct keel_domain_model *d = &schema->domains[i];
        keel__json_object_begin(json);
        keel__json_add_cstr(json, "schema", d->schema);
        keel__json_add_cstr(json, "name", d->name);
        keel__json_add_cstr(json, "base_type", d->base_type);
        keel__json_add_bool(json, "not_null", d->not_null);
        keel__json_add_cstr(json, "default", d->default_text);
        checks(json, d->checks, d->check_count);
        keel__json_object_end(json);
    }
    keel__json_array_end(json);
}

static void functions(struct keel__json *json, const struct keel_schema *schema)
{
    keel__json_key(json, "functions");
    keel__json_array_begin(json);
    for (size_t i = 0; i < schema->function_count; i++) {
        const struct keel_function_model *f = &schema->functions[i];
        keel__json_object_begin(json);
        keel__json_add_cstr(json, "schema", f->schema);
        keel__json_add_cstr(json, "name", f->name);
        keel__json_add_cstr(json, "arguments", f->arguments);
        keel__json_add_cstr(json, "sql", f->sql);
        keel__json_object_end(json);
    }
    keel__json_array_end(json);
}

void keel__render_json(struct keel__str *out, const struct keel_schema *schema)
{
    struct keel__json json;
    keel__json_init(&json, out, true);
    keel__json_object_begin(&json);
    keel__json_add_cstr(&json, "dialect", schema->dialect == KEEL_SQLITE ? "sqlite" : "postgres");
    names(&json, "extensions", schema->extensions, schema->extension_count);
    types(&json, schema);
    keel__json_key(&json, "sequences");
    keel__json_array_begin(&json);
    for (size_t i = 0; i < schema->sequence_count; i++)
        sequence(&json, &schema->sequences[i]);
    keel__json_array_end(&json);
    keel__json_key(&json, "tables");
    keel__json_array_begin(&json);
    for (size_t i = 0; i < schema->table_count; i++)
        table(&json, &schema->tables[i]);
    keel__json_array_end(&json);
    keel__json_key(&json, "views");
    keel__json_array_begin(&json);
    for (size_t i = 0; i < schema->view_count; i++)
        view(&json, &schema->views[i]);
    keel__json_array_end(&json);
    functions(&json, schema);
    names(&json, "unmodelled", schema->unmodelled, schema->unmodelled_count);
    keel__json_object_end(&json);
    keel__str_char(out, '\n');
}
