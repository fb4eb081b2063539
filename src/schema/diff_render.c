#include <keel/diff.h>

#include "base/json.h"

/* ---- text ------------------------------------------------------------------------------------ */

static char mark_of(const struct keel_change *change)
{
    if (change->old_item && !change->new_item)
        return '-';
    return change->new_item && !change->old_item ? '+' : '~';
}

static void put_option(struct keel__str *out, const struct keel_rename_hint *hint)
{
    if (hint->schema)
        keel__str_printf(out, "%s.", hint->schema);
    if (hint->table)
        keel__str_printf(out, "%s.", hint->table);
    keel__str_printf(out, "%s=%s", hint->old_name, hint->new_name);
}

/* For a shell to take as one word. */
static void put_word(struct keel__str *out, const struct keel_rename_hint *hint)
{
    static const char plain[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.=-";
    struct keel__str option;
    keel__str_init(&option, 0);
    put_option(&option, hint);
    const char *text = option.data ? option.data : "";
    bool quoted = text[strspn(text, plain)] != '\0';
    keel__str_text(out, quoted ? "'" : "");
    for (; *text; text++)
        if (*text == '\'')
            keel__str_text(out, "'\\''");
        else
            keel__str_char(out, *text);
    keel__str_text(out, quoted ? "'" : "");
    out->failed = out->failed || option.failed;
    keel__str_fini(&option);
}

static void render_text(struct keel__str *out, const struct keel_diff *diff)
{
    for (size_t i = 0; i < diff->count; i++) {
        const struct keel_change *change = &diff->changes[i];
        keel__str_printf(out, "%c %s\n", mark_of(change), change->what);
        if (change->why)
            keel__str_printf(out, "      %s: %s\n", keel_risk_name(change->risk), change->why);
    }
    for (size_t i = 0; i < diff->hint_count; i++) {
        keel__str_printf(out, "%sperhaps a rename: --rename ", i ? "" : "\n");
        put_word(out, &diff->hints[i]);
        keel__str_char(out, '\n');
    }
    if (diff->count)
        keel__str_printf(out, "\n%zu change%s: %zu safe, %zu blocking, %zu destructive\n",
                         diff->count, diff->count == 1 ? "" : "s",
                         diff->count - diff->blocking - diff->destructive, diff->blocking,
                         diff->destructive);
    else
        keel__str_text(out, "the schemas are equal\n");
    for (size_t i = 0; i < diff->not_compared_count; i++)
        keel__str_printf(out, "%snot compared: %s\n", i ? "" : "\n", diff->not_compared[i]);
}

/* ---- JSON ------------------------------------------------------------------------------------ */

static void render_change(struct keel__json *json, const struct keel_change *change)
{
    keel__json_object_begin(json);
    keel__json_add_cstr(json, "kind", keel_change_kind_name(change->kind));
    keel__json_add_cstr(json, "risk", keel_risk_name(change->risk));
    keel__json_add_cstr(json, "why", change->why);
    keel__json_add_cstr(json, "schema", change->schema);
    keel__json_add_cstr(json, "table", change->table);
    keel__json_add_cstr(json, "name", change->name);
    keel__json_add_cstr(json, "old_name", change->old_name);
    keel__json_add_cstr(json, "what", change->what);
    keel__json_object_end(json);
}

static void render_hint(struct keel__json *json, const struct keel_rename_hint *hint)
{
    struct keel__str option;
    keel__str_init(&option, 0);
    put_option(&option, hint);
    keel__json_object_begin(json);
    keel__json_add_cstr(json, "schema", hint->schema);
    keel__json_add_cstr(json, "table", hint->table);
    keel__json_add_cstr(json, "old_name", hint->old_name);
    keel__json_add_cstr(json, "new_name", hint->new_name);
    keel__json_add_text(json, "rename", keel__str_view(&option));
    keel__json_object_end(json);
    json->out->failed = json->out->failed || option.failed;
    keel__str_fini(&option);
}

static void render_json(struct keel__str *out, const struct keel_diff *diff)
{
    struct keel__json json;
    keel__json_init(&json, out, true);
    keel__json_object_begin(&json);
    keel__json_add_cstr(&json, "dialect", diff->dialect == KEEL_SQLITE ? "sqlite" : "postgres");
    keel__json_add_bool(&json, "equal", diff->count == 0);
    keel__json_key(&json, "changes");
    keel__json_array_begin(&json);
    for (size_t i = 0; i < diff->count; i++)
        render_change(&json, &diff->changes[i]);
    keel__json_array_end(&json);
    keel__json_key(&json, "hints");
    keel__json_array_begin(&json);
    for (size_t i = 0; i < diff->hint_count; i++)
        render_hint(&json, &diff->hints[i]);
    keel__json_array_end(&json);
    keel__json_key(&json, "not_compared");
    keel__json_array_begin(&json);
    for (size_t i = 0; i < diff->not_compared_count; i++)
        keel__json_cstr(&json, diff->not_compared[i]);
    keel__json_array_end(&json);
    keel__json_key(&json, "summary");
    keel__json_object_begin(&json);
    keel__json_add_uint(&json, "changes", diff->count);
    keel__json_add_uint(&json, "safe", diff->count - diff->blocking - diff->destructive);
    keel__json_add_uint(&json, "blocking", diff->blocking);
    keel__json_add_uint(&json, "destructive", diff->destructive);
    keel__json_object_end(&json);
    keel__json_object_end(&json);
    keel__str_char(out, '\n');
}

int keel_diff_render(char **out, const struct keel_diff *diff, enum keel_diff_format format,
                     struct keel_error *err)
{
    struct keel__str text;
    *out = NULL;
    keel__str_init(&text, 0);
    if (format == KEEL_DIFF_JSON)
        render_json(&text, diff);
    else
        render_text(&text, diff);
    int rc = keel__str_error(&text, err);
    if (!rc)
        *out = keel__str_steal(&text);
    keel__str_fini(&text);
    return rc;
}
