#include "schema/diff.h"

#include <string.h>

#include "schema/render.h"

const char *keel_risk_name(enum keel_risk risk)
{
    static const char *const names[] = {NULL, "safe", "blocking", "destructive"};
    return names[risk];
}

const char *keel_change_kind_name(enum keel_change_kind kind)
{
    static const char *const names[] = {
        [KEEL_CHANGE_ADD_TABLE] = "add_table",
        [KEEL_CHANGE_DROP_TABLE] = "drop_table",
        [KEEL_CHANGE_RENAME_TABLE] = "rename_table",
        [KEEL_CHANGE_TABLE_OPTIONS] = "table_options",
        [KEEL_CHANGE_COLUMN_ORDER] = "column_order",
        [KEEL_CHANGE_ADD_COLUMN] = "add_column",
        [KEEL_CHANGE_DROP_COLUMN] = "drop_column",
        [KEEL_CHANGE_RENAME_COLUMN] = "rename_column",
        [KEEL_CHANGE_COLUMN_TYPE] = "column_type",
        [KEEL_CHANGE_SET_NOT_NULL] = "set_not_null",
        [KEEL_CHANGE_DROP_NOT_NULL] = "drop_not_null",
        [KEEL_CHANGE_DEFAULT] = "default",
        [KEEL_CHANGE_GENERATED] = "generated",
        [KEEL_CHANGE_IDENTITY] = "identity",
        [KEEL_CHANGE_COLUMN_OPTIONS] = "column_options",
        [KEEL_CHANGE_ADD_PRIMARY_KEY] = "add_primary_key",
        [KEEL_CHANGE_DROP_PRIMARY_KEY] = "drop_primary_key",
        [KEEL_CHANGE_ADD_UNIQUE] = "add_unique",
        [KEEL_CHANGE_DROP_UNIQUE] = "drop_unique",
        [KEEL_CHANGE_RENAME_CONSTRAINT] = "rename_constraint",
        [KEEL_CHANGE_ADD_FOREIGN_KEY] = "add_foreign_key",
        [KEEL_CHANGE_DROP_FOREIGN_KEY] = "drop_foreign_key",
        [KEEL_CHANGE_VALIDATE] = "validate",
        [KEEL_CHANGE_ADD_CHECK] = "add_check",
        [KEEL_CHANGE_DROP_CHECK] = "drop_check",
        [KEEL_CHANGE_ADD_EXCLUSION] = "add_exclusion",
        [KEEL_CHANGE_DROP_EXCLUSION] = "drop_exclusion",
        [KEEL_CHANGE_ADD_INDEX] = "add_index",
        [KEEL_CHANGE_DROP_INDEX] = "drop_index",
        [KEEL_CHANGE_RENAME_INDEX] = "rename_index",
        [KEEL_CHANGE_ADD_TRIGGER] = "add_trigger",
        [KEEL_CHANGE_DROP_TRIGGER] = "drop_trigger",
        [KEEL_CHANGE_ADD_VIEW] = "add_view",
        [KEEL_CHANGE_DROP_VIEW] = "drop_view",
        [KEEL_CHANGE_ADD_SEQUENCE] = "add_sequence",
        [KEEL_CHANGE_DROP_SEQUENCE] = "drop_sequence",
        [KEEL_CHANGE_SEQUENCE] = "sequence",
        [KEEL_CHANGE_ADD_ENUM] = "add_enum",
        [KEEL_CHANGE_DROP_ENUM] = "drop_enum",
        [KEEL_CHANGE_ENUM_LABELS] = "enum_labels",
        [KEEL_CHANGE_ADD_DOMAIN] = "add_domain",
        [KEEL_CHANGE_DROP_DOMAIN] = "drop_domain",
        [KEEL_CHANGE_DOMAIN] = "domain",
        [KEEL_CHANGE_ADD_FUNCTION] = "add_function",
        [KEEL_CHANGE_DROP_FUNCTION] = "drop_function",
        [KEEL_CHANGE_ADD_EXTENSION] = "add_extension",
        [KEEL_CHANGE_DROP_EXTENSION] = "drop_extension",
    };
    return names[kind];
}

/* ---- parts of a sentence --------------------------------------------------------------------- */

/* Names stand as they are, on one line. */
static void put(struct keel__str *out, const char *text)
{
    for (; *text; text++)
        keel__str_char(out, (unsigned char)*text < ' ' ? ' ' : *text);
}

static void put_qualified(struct keel__str *out, const char *schema, const char *name)
{
    if (schema) {
        put(out, schema);
        keel__str_char(out, '.');
    }
    put(out, name);
}

static void put_table(struct keel__str *out, const struct keel_change *change)
{
    put_qualified(out, change->schema, change->table);
}

/* "column users.email" */
static void put_column(struct keel__str *out, const struct keel_change *change, const char *name)
{
    keel__str_text(out, "column ");
    put_table(out, change);
    keel__str_char(out, '.');
    put(out, name);
}

static void put_list(struct keel__str *out, const char *const *names, size_t count)
{
    enum { MOST = 8 };
    keel__str_char(out, '(');
    for (size_t i = 0; i < count && i < MOST; i++) {
        keel__str_text(out, i ? ", " : "");
        put(out, names[i]);
    }
    if (count > MOST)
        keel__str_printf(out, ", and %zu more", count - MOST);
    keel__str_char(out, ')');
}

/* text in one line, cut where it is long. */
static void put_short(struct keel__str *out, const char *text)
{
    enum { MOST = 160 };
    size_t size = strlen(text), end = size;
    bool blank = false;
    if (size > MOST)
        for (end = MOST; ((unsigned char)text[end] & 0xC0) == 0x80; end--)
            ;
    for (size_t i = 0; i < end; i++) {
        bool space = (unsigned char)text[i] <= ' ';
        if (!space || !blank)
            keel__str_char(out, space ? ' ' : text[i]);
        blank = space;
    }
    if (end < size)
        keel__str_text(out, " ...");
}

static void put_type(struct keel__str *out, const struct keel_column_model *column)
{
    put(out, *column->declared_type ? column->declared_type : "no type");
    if (column->collation) {
        keel__str_text(out, " COLLATE ");
        put(out, column->collation);
    }
}

static void put_named(struct keel__str *out, const char *what, const char *name)
{
    keel__str_text(out, what);
    if (!name)
        return;
    keel__str_char(out, ' ');
    put(out, name);
}

/* ---- columns --------------------------------------------------------------------------------- */

static void say_new_column(struct keel__str *out, const struct keel_change *change)
{
    const struct keel_column_model *column = change->new_item;
    put_column(out, change, column->name);
    keel__str_text(out, " is added: ");
    put_type(out, column);
    if (column->not_null)
        keel__str_text(out, " NOT NULL");
    if (column->default_text) {
        keel__str_text(out, " DEFAULT ");
        put_short(out, column->default_text);
    }
    if (column->generated) {
        keel__str_text(out, " computed as ");
        put_short(out, column->generated_text);
    }
    if (keel__identity_word(column->identity))
        keel__str_printf(out, ", %s", keel__identity_word(column->identity));
}

static void say_default(struct keel__str *out, const struct keel_change *change)
{
    const struct keel_column_model *old = change->old_item, *now = change->new_item;
    put_column(out, change, now->name);
    if (!now->default_text) {
        keel__str_text(out, " loses its default ");
        put_short(out, old->default_text);
        return;
    }
    keel__str_text(out, old->default_text ? " has the default " : " gets the default ");
    put_short(out, now->default_text);
    if (old->default_text) {
        keel__str_text(out, ", no longer ");
        put_short(out, old->default_text);
    }
}

static void say_generated(struct keel__str *out, const struct keel_change *change)
{
    const struct keel_column_model *old = change->old_item, *now = change->new_item;
    put_column(out, change, now->name);
    if (!now->generated) {
        keel__str_text(out, " is no longer computed");
        return;
    }
    keel__str_text(out, old->generated ? " is computed differently: " : " is computed: ");
    put_short(out, now->generated_text);
    keel__str_printf(out, " %s", keel__generated_word(now->generated));
}

static void put_identity(struct keel__str *out, const struct keel_column_model *column)
{
    const char *word = keel__identity_word(column->identity);
    keel__str_text(out, word && column->identity != KEEL_IDENTITY_ROWID ? word : "none");
    if (column->identity_options)
        keel__str_printf(out, " (%s)", column->identity_options);
}

static void say_identity(struct keel__str *out, const struct keel_change *change)
{
    put_column(out, change, change->name);
    keel__str_text(out, " changes its numbering from ");
    put_identity(out, change->old_item);
    keel__str_text(out, " to ");
    put_identity(out, change->new_item);
}

static void say_column_options(struct keel__str *out, const struct keel_change *change)
{
    const struct keel_column_model *old = change->old_item, *now = change->new_item;
    bool comment = !keel__same_text(old->comment, now->comment);
    put_column(out, change, now->name);
    if (!keel__same_text(old->storage, now->storage))
        keel__str_printf(out, " is stored %s%s", now->storage ? now->storage : "as its type says",
                         comment ? " and" : "");
    if (comment)
        keel__str_text(out, now->comment ? old->comment ? " has another comment" : " gets a comment"
                                         : " loses its comment");
}

static void say_not_null(struct keel__str *out, const struct keel_change *change)
{
    const struct keel_column_model *old = change->old_item, *now = change->new_item;
    put_column(out, change, change->name);
    if (change->kind == KEEL_CHANGE_DROP_NOT_NULL) {
        keel__str_text(out, " admits NULL");
        return;
    }
    keel__str_text(out, old->not_null ? " stays NOT NULL" : " becomes NOT NULL");
    if (now->not_null_conflict || old->not_null_conflict)
        keel__str_printf(out, " ON CONFLICT %s",
                         now->not_null_conflict ? keel__conflict_word(now->not_null_conflict)
                                                : "ABORT");
}

static void say_column(struct keel__str *out, const struct keel_change *change)
{
    switch (change->kind) {
    case KEEL_CHANGE_ADD_COLUMN:
        say_new_column(out, change);
        break;
    case KEEL_CHANGE_DROP_COLUMN:
        put_column(out, change, change->name);
        keel__str_text(out, " is dropped");
        break;
    case KEEL_CHANGE_RENAME_COLUMN:
        put_column(out, change, change->old_name);
        keel__str_text(out, " is renamed to ");
        put(out, change->name);
        break;
    case KEEL_CHANGE_COLUMN_TYPE:
        put_column(out, change, change->name);
        keel__str_text(out, " changes from ");
        put_type(out, change->old_item);
        keel__str_text(out, " to ");
        put_type(out, change->new_item);
        break;
    case KEEL_CHANGE_DEFAULT:
        say_default(out, change);
        break;
    case KEEL_CHANGE_GENERATED:
        say_generated(out, change);
        break;
    case KEEL_CHANGE_IDENTITY:
        say_identity(out, change);
        break;
    case KEEL_CHANGE_COLUMN_OPTIONS:
        say_column_options(out, change);
        break;
    default:
        say_not_null(out, change);
    }
}

/* ---- constraints, indexes, triggers ---------------------------------------------------------- */

static void put_word(struct keel__str *out, const char *before, const char *word)
{
    if (word)
        keel__str_printf(out, " %s%s", before, word);
}

static void put_include(struct keel__str *out, const char *const *names, size_t count)
{
    if (!count)
        return;
    keel__str_text(out, " INCLUDE ");
    put_list(out, names, count);
}

static void put_key(struct keel__str *out, const char *what, const struct keel_key_model *key)
{
    put_named(out, what, key->name);
    keel__str_char(out, ' ');
    put_list(out, key->columns, key->column_count);
    put_include(out, key->include, key->include_count);
    put_word(out, "", key->nulls_not_distinct ? "NULLS NOT DISTINCT" : NULL);
    put_word(out, "ON CONFLICT ", keel__conflict_word(key->conflict));
    put_word(out, "", keel__deferrable_words(key->deferrable));
}

static void put_reference(struct keel__str *out, const struct keel_foreign_key_model *key)
{
    put_named(out, "foreign key", key->name);
    keel__str_char(out, ' ');
    put_list(out, key->columns, key->column_count);
    keel__str_text(out, " to ");
    put_qualified(out, key->parent_schema, key->parent);
    if (key->parent_columns) {
        keel__str_char(out, ' ');
        put_list(out, key->parent_columns, key->column_count);
    }
    put_word(out, "MATCH ", key->match ? "FULL" : NULL);
    put_word(out, "ON UPDATE ", key->on_update ? keel__action_word(key->on_update) : NULL);
    put_word(out, "ON DELETE ", key->on_delete ? keel__action_word(key->on_delete) : NULL);
    if (key->set_column_count) {
        keel__str_char(out, ' ');
        put_list(out, key->set_columns, key->set_column_count);
    }
    put_word(out, "", keel__deferrable_words(key->deferrable));
    put_word(out, "", key->not_valid ? "NOT VALID" : NULL);
}

static void put_check(struct keel__str *out, const struct keel_check_model *check)
{
    put_named(out, "check", check->name);
    keel__str_text(out, " (");
    put_short(out, check->expression);
    keel__str_char(out, ')');
    put_word(out, "", check->not_valid ? "NOT VALID" : NULL);
}

static void put_index(struct keel__str *out, const struct keel_index_model *index)
{
    put_named(out, index->unique ? "unique index" : "index", index->name);
    for (size_t i = 0; i < index->part_count; i++) {
        const struct keel_index_part *part = &index->parts[i];
        keel__str_text(out, i ? ", " : " (");
        put_short(out, part->column ? part->column : part->expression);
        put_word(out, "COLLATE ", part->collation);
        put_word(out, "", part->opclass);
        put_word(out, "", part->descending ? "DESC" : NULL);
        if (index->method && part->nulls_first != part->descending)
            keel__str_text(out, part->nulls_first ? " NULLS FIRST" : " NULLS LAST");
    }
    keel__str_char(out, ')');
    put_include(out, index->include, index->include_count);
    put_word(out, "", index->nulls_not_distinct ? "NULLS NOT DISTINCT" : NULL);
    put_word(out, "using ", index->method && strcmp(index->method, "btree") ? index->method : NULL);
    put_word(out, "with ", index->options);
    if (index->where) {
        keel__str_text(out, " where ");
        put_short(out, index->where);
    }
}

static void put_exclusion(struct keel__str *out, const struct keel_exclusion_model *exclusion)
{
    put_named(out, "exclusion", exclusion->name);
    keel__str_char(out, ' ');
    put_short(out, exclusion->definition);
}

/* The constraint, index or trigger of a change, as it is called in it. */
static void put_part(struct keel__str *out, const struct keel_change *change)
{
    const void *item = change->new_item ? change->new_item : change->old_item;
    switch (change->kind) {
    case KEEL_CHANGE_ADD_PRIMARY_KEY:
    case KEEL_CHANGE_DROP_PRIMARY_KEY:
        put_key(out, "primary key", item);
        break;
    case KEEL_CHANGE_ADD_UNIQUE:
    case KEEL_CHANGE_DROP_UNIQUE:
        put_key(out, "unique key", item);
        break;
    case KEEL_CHANGE_ADD_FOREIGN_KEY:
    case KEEL_CHANGE_DROP_FOREIGN_KEY:
        put_reference(out, item);
        break;
    case KEEL_CHANGE_ADD_CHECK:
    case KEEL_CHANGE_DROP_CHECK:
        put_check(out, item);
        break;
    case KEEL_CHANGE_ADD_EXCLUSION:
    case KEEL_CHANGE_DROP_EXCLUSION:
        put_exclusion(out, item);
        break;
    case KEEL_CHANGE_ADD_INDEX:
    case KEEL_CHANGE_DROP_INDEX:
        put_index(out, item);
        break;
    default:
        put_named(out, "trigger", change->name);
    }
    keel__str_text(out, " of ");
    put_table(out, change);
}

static void say_part(struct keel__str *out, const struct keel_change *change)
{
    switch (change->kind) {
    case KEEL_CHANGE_VALIDATE:
        put_named(out, change->is_check ? "check" : "foreign key", change->name);
        keel__str_text(out, " of ");
        put_table(out, change);
        keel__str_text(out, " becomes valid");
        break;
    case KEEL_CHANGE_RENAME_CONSTRAINT:
    case KEEL_CHANGE_RENAME_INDEX:
        put_named(out, change->kind == KEEL_CHANGE_RENAME_INDEX ? "index" : "constraint",
                  change->old_name);
        keel__str_text(out, " of ");
        put_table(out, change);
        keel__str_text(out, " is renamed to ");
        put(out, change->name);
        break;
    default:
        put_part(out, change);
        keel__str_text(out, change->new_item ? " is added" : " is dropped");
    }
}

/* ---- tables ---------------------------------------------------------------------------------- */

static const char *table_word(const struct keel_table_model *table)
{
    switch (table->kind) {
    case KEEL_TABLE_VIRTUAL:
        return "virtual table ";
    case KEEL_TABLE_PARTITIONED:
        return "partitioned table ";
    case KEEL_TABLE_PARTITION:
        return "partition ";
    case KEEL_TABLE_FOREIGN:
        return "foreign table ";
    default:
        return "table ";
    }
}

static void say_option(struct keel__str *out, bool *first, const char *text, const char *value)
{
    keel__str_text(out, *first ? " " : ", ");
    *first = false;
    keel__str_text(out, text);
    if (value)
        put_short(out, value);
}

static void say_options(struct keel__str *out, const struct keel_change *change)
{
    const struct keel_table_model *old = change->old_item, *now = change->new_item;
    bool first = true;
    keel__str_text(out, "table ");
    put_table(out, change);
    if (old->strict != now->strict)
        say_option(out, &first, now->strict ? "becomes STRICT" : "is no longer STRICT", NULL);
    if (old->without_rowid != now->without_rowid)
        say_option(out, &first,
                   now->without_rowid ? "becomes WITHOUT ROWID" : "is no longer WITHOUT ROWID",
                   NULL);
    if (old->unlogged != now->unlogged)
        say_option(out, &first, now->unlogged ? "becomes UNLOGGED" : "is no longer UNLOGGED", NULL);
    if (!keel__same_text(old->options, now->options))
        say_option(out, &first, "has the storage parameters ",
                   now->options ? now->options : "of the server");
    if (!keel__same_text(old->partition_bound, now->partition_bound))
        say_option(out, &first, "holds rows ", now->partition_bound);
    if (!keel__same_text(old->inherits, now->inherits))
        say_option(out, &first, "inherits from ", now->inherits ? now->inherits : "no table");
    if (!keel__same_text(old->comment, now->comment))
        say_option(out, &first,
                   !now->comment   ? "loses its comment"
                   : !old->comment ? "gets a comment"
                                   : "has another comment",
                   NULL);
}

static void say_table(struct keel__str *out, const struct keel_change *change)
{
    const struct keel_table_model *now = change->new_table;
    switch (change->kind) {
    case KEEL_CHANGE_RENAME_TABLE:
        keel__str_text(out, "table ");
        put_qualified(out, change->old_table->schema, change->old_name);
        keel__str_text(out, " is renamed to ");
        put_table(out, change);
        break;
    case KEEL_CHANGE_TABLE_OPTIONS:
        say_options(out, change);
        break;
    case KEEL_CHANGE_COLUMN_ORDER:
        keel__str_text(out, "table ");
        put_table(out, change);
        keel__str_text(out, " has its columns in another order");
        break;
    default:
        keel__str_text(out, table_word(now ? now : change->old_table));
        put_table(out, change);
        if (!now)
            keel__str_text(out, " is dropped");
        else
            keel__str_printf(out, " is added, with %zu column%s", now->column_count,
                             now->column_count == 1 ? "" : "s");
    }
}

/* ---- all else -------------------------------------------------------------------------------- */

static void say_labels(struct keel__str *out, const struct keel_change *change)
{
    const struct keel_enum_model *old = change->old_item, *now = change->new_item;
    keel__str_text(out, "enum ");
    put_qualified(out, change->schema, change->name);
    keel__str_text(out, " has the labels ");
    put_list(out, now->labels, now->label_count);
    keel__str_text(out, ", no longer ");
    put_list(out, old->labels, old->label_count);
}

static const char *noun_of(const struct keel_change *change)
{
    const struct keel_view_model *view = change->new_item ? change->new_item : change->old_item;
    switch (change->kind) {
    case KEEL_CHANGE_ADD_VIEW:
    case KEEL_CHANGE_DROP_VIEW:
        return view->materialized ? "materialized view" : "view";
    case KEEL_CHANGE_ADD_SEQUENCE:
    case KEEL_CHANGE_DROP_SEQUENCE:
    case KEEL_CHANGE_SEQUENCE:
        return "sequence";
    case KEEL_CHANGE_ADD_ENUM:
    case KEEL_CHANGE_DROP_ENUM:
        return "enum";
    case KEEL_CHANGE_ADD_DOMAIN:
    case KEEL_CHANGE_DROP_DOMAIN:
    case KEEL_CHANGE_DOMAIN:
        return "domain";
    case KEEL_CHANGE_ADD_FUNCTION:
    case KEEL_CHANGE_DROP_FUNCTION:
        return "function";
    default:
        return "extension";
    }
}

static void say_other(struct keel__str *out, const struct keel_change *change)
{
    if (change->kind == KEEL_CHANGE_ENUM_LABELS) {
        say_labels(out, change);
        return;
    }
    keel__str_printf(out, "%s ", noun_of(change));
    put_qualified(out, change->schema, change->name);
    if (change->kind == KEEL_CHANGE_ADD_FUNCTION || change->kind == KEEL_CHANGE_DROP_FUNCTION) {
        const struct keel_function_model *f =
            change->new_item ? change->new_item : change->old_item;
        keel__str_char(out, '(');
        put_short(out, f->arguments);
        keel__str_char(out, ')');
    }
    keel__str_text(out, change->old_item && change->new_item ? " changes"
                        : change->new_item                   ? " is added"
                                                             : " is dropped");
}

void keel__change_describe(struct keel__differ *d, struct keel_change *change)
{
    struct keel__str out;
    keel__str_init(&out, 0);
    if (change->kind <= KEEL_CHANGE_COLUMN_ORDER)
        say_table(&out, change);
    else if (change->kind <= KEEL_CHANGE_COLUMN_OPTIONS)
        say_column(&out, change);
    else if (change->kind <= KEEL_CHANGE_DROP_TRIGGER)
        say_part(&out, change);
    else
        say_other(&out, change);
    change->what = keel__arena_dup(d->arena, keel__str_view(&out));
    d->failed = d->failed || out.failed || !change->what;
    keel__str_fini(&out);
}
