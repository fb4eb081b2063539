#include "schema/diff.h"

#include <stdlib.h>
#include <string.h>

/* Sequences, enums, domains, functions, extensions: what PostgreSQL has beside tables and views. */

static struct keel_slice key_of(struct keel__differ *d, const char *schema, const char *name,
                                const char *more)
{
    char *key =
        keel__arena_printf(d->arena, "%s\n%s\n%s", schema ? schema : "", name, more ? more : "");
    d->failed = d->failed || !key;
    return keel_slice_of(key ? key : "");
}

static void know(struct keel__differ *d, struct keel__map *map, struct keel_slice key,
                 const void *item)
{
    void **place = keel__map_at(map, 0, key);
    if (place)
        *place = (void *)item;
    else
        d->failed = true;
}

static void say(struct keel__differ *d, enum keel__phase phase, enum keel_change_kind kind,
                const char *schema, const char *name, const void *old, const void *now)
{
    keel__change(
        d, phase, 0,
        (struct keel_change){
            .kind = kind, .schema = schema, .name = name, .old_item = old, .new_item = now});
}

/* ---- enums ----------------------------------------------------------------------------------- */

static bool is_same_enum(const struct keel_enum_model *a, const struct keel_enum_model *b)
{
    if (a->label_count != b->label_count || !keel__same_text(a->comment, b->comment))
        return false;
    for (size_t i = 0; i < a->label_count; i++)
        if (strcmp(a->labels[i], b->labels[i]) != 0)
            return false;
    return true;
}

static bool enums_equal(struct keel__differ *d, const void *a, const void *b)
{
    (void)d;
    return is_same_enum(a, b);
}

static struct keel_slice enum_key(struct keel__differ *d, bool old, const void *item)
{
    const struct keel_enum_model *e = item;
    (void)old;
    return key_of(d, e->schema, e->name, NULL);
}

/* ---- domains --------------------------------------------------------------------------------- */

static int by_name(const void *a, const void *b)
{
    const struct keel_check_model *x = *(const struct keel_check_model *const *)a,
                                  *y = *(const struct keel_check_model *const *)b;
    return strcmp(x->name, y->name);
}

static const struct keel_check_model **sorted_checks(struct keel__differ *d,
                                                     const struct keel_domain_model *domain)
{
    const struct keel_check_model **checks =
        keel__arena_calloc(d->arena, domain->check_count + 1, sizeof *checks);
    if (!checks)
        d->failed = true;
    for (size_t i = 0; checks && i < domain->check_count; i++)
        checks[i] = &domain->checks[i];
    if (checks && domain->check_count > 1)
        qsort(checks, domain->check_count, sizeof *checks, by_name);
    return checks;
}

static bool domains_equal(struct keel__differ *d, const void *old, const void *now)
{
    const struct keel_domain_model *a = old, *b = now;
    if (strcmp(a->base_type, b->base_type) != 0 || a->not_null != b->not_null ||
        !keel__normal_same(d, a->default_text, b->default_text, NULL) ||
        a->check_count != b->check_count)
        return false;
    const struct keel_check_model **x = sorted_checks(d, a), **y = sorted_checks(d, b);
    for (size_t i = 0; !d->failed && i < a->check_count; i++)
        if (strcmp(x[i]->name, y[i]->name) != 0 || x[i]->not_valid != y[i]->not_valid ||
            !keel__normal_same(d, x[i]->expression, y[i]->expression, NULL))
            return false;
    return true;
}

static struct keel_slice domain_key(struct keel__differ *d, bool old, const void *item)
{
    const struct keel_domain_model *domain = item;
    (void)old;
    return key_of(d, domain->schema, domain->name, NULL);
}

/* ---- sequences ------------------------------------------------------------------------------- */

static struct keel__pair *owner_of(struct keel__differ *d, bool old,
                                   const struct keel_sequence_model *s)
{
    if (!s->owner_table)
        return NULL;
    return keel__map_get(old ? &d->by_old : &d->by_new, 0,
                         keel__differ_qualified(d, s->schema, s->owner_table));
}

static struct keel_slice sequence_key(struct keel__differ *d, bool old, const void *item)
{
    const struct keel_sequence_model *s = item;
    (void)old;
    return key_of(d, s->schema, s->name, NULL);
}

/* One that a column owns is known by that column too, whatever it is called. */
static struct keel_slice sequence_owner_key(struct keel__differ *d, bool old, const void *item)
{
    const struct keel_sequence_model *s = item;
    const struct keel__pair *pair = owner_of(d, old, s);
    if (!pair || !s->owner_column)
        return sequence_key(d, old, item);
    const struct keel_table_model *table = pair->now ? pair->now : pair->old;
    return key_of(d, table->schema, table->name,
                  old ? keel__differ_renamed(d, pair, s->owner_column) : s->owner_column);
}

static bool sequences_equal(struct keel__differ *d, const void *old, const void *now)
{
    const struct keel_sequence_model *a = old, *b = now;
    (void)d;
    return strcmp(a->type, b->type) == 0 && a->start == b->start && a->increment == b->increment &&
           a->minimum == b->minimum && a->maximum == b->maximum && a->cache == b->cache &&
           a->cycle == b->cycle && !a->owner_table == !b->owner_table;
}

/* Whether it goes with the column that owns it. */
static bool goes_along(struct keel__differ *d, const struct keel_sequence_model *s)
{
    struct keel__pair *pair = owner_of(d, true, s);
    return pair && (!pair->now ||
                    !keel__map_get(&pair->new_columns, 0,
                                   keel_slice_of(keel__differ_renamed(d, pair, s->owner_column))));
}

/* ---- functions ------------------------------------------------------------------------------- */

static struct keel_slice function_key(struct keel__differ *d, bool old, const void *item)
{
    const struct keel_function_model *f = item;
    (void)old;
    return key_of(d, f->schema, f->name, f->arguments);
}

/* What CREATE OR REPLACE cannot change: names and defaults of arguments, and what it returns. */
static size_t head_size(const char *sql)
{
    const char *end = strstr(sql, "\n LANGUAGE ");
    return end ? (size_t)(end - sql) : strlen(sql);
}

static void diff_function(struct keel__differ *d, const struct keel_function_model *old,
                          const struct keel_function_model *now)
{
    enum keel__phase phase = now->early ? KEEL__PHASE_EARLY_FUNCTIONS : KEEL__PHASE_FUNCTIONS;
    if (old && strcmp(old->sql, now->sql) == 0)
        return;
    size_t head = head_size(now->sql);
    bool replaces = old && head == head_size(old->sql) && memcmp(old->sql, now->sql, head) == 0;
    if (old && !replaces)
        say(d, phase, KEEL_CHANGE_DROP_FUNCTION, old->schema, old->name, old, NULL);
    say(d, phase, KEEL_CHANGE_ADD_FUNCTION, now->schema, now->name, replaces ? old : NULL, now);
}

/* ---- all of them ----------------------------------------------------------------------------- */

struct noun {
    size_t size;
    const void *old, *now;
    size_t old_count, now_count;
    struct keel_slice (*key)(struct keel__differ *d, bool old, const void *item);
    struct keel_slice (*other_key)(struct keel__differ *d, bool old,
                                   const void *item); /* or NULL */
    bool (*equal)(struct keel__differ *d, const void *old, const void *now);
    void (*added)(struct keel__differ *d, const void *item);
    void (*changed)(struct keel__differ *d, const void *old, const void *now);
    void (*dropped)(struct keel__differ *d, const void *item);
};

static void know_both(struct keel__differ *d, struct keel__map *map, const struct noun *n, bool old,
                      const void *item)
{
    know(d, map, n->key(d, old, item), item);
    if (n->other_key)
        know(d, map, n->other_key(d, old, item), item);
}

static const void *find_either(struct keel__differ *d, const struct keel__map *map,
                               const struct noun *n, bool old, const void *item)
{
    const void *found = keel__map_get(map, 0, n->key(d, old, item));
    if (!found && n->other_key)
        found = keel__map_get(map, 0, n->other_key(d, old, item));
    return found;
}

static void diff_nouns(struct keel__differ *d, const struct noun *n)
{
    struct keel__map olds, news;
    keel__map_init(&olds, d->arena);
    keel__map_init(&news, d->arena);
    for (size_t i = 0; i < n->old_count; i++)
        know_both(d, &olds, n, true, (const char *)n->old + i * n->size);
    for (size_t i = 0; i < n->now_count && !d->failed; i++) {
        const void *now = (const char *)n->now + i * n->size;
        const void *old = find_either(d, &olds, n, false, now);
        know_both(d, &news, n, false, now);
        if (!old)
            n->added(d, now);
        else if (!n->equal(d, old, now))
            n->changed(d, old, now);
    }
    for (size_t i = 0; i < n->old_count && !d->failed; i++) {
        const void *old = (const char *)n->old + i * n->size;
        if (!find_either(d, &news, n, true, old))
            n->dropped(d, old);
    }
}

#define SAY_NOUN(noun, model, NOUN, add_phase, change_kind, change_phase, drop_phase, drop_unless) \
    static void noun##_added(struct keel__differ *d, const void *item)                             \
    {                                                                                              \
        const struct model *now = item;                                                            \
        say(d, add_phase, KEEL_CHANGE_ADD_##NOUN, now->schema, now->name, NULL, now);              \
    }                                                                                              \
    static void noun##_changed(struct keel__differ *d, const void *was, const void *item)          \
    {                                                                                              \
        const struct model *now = item;                                                            \
        say(d, change_phase, change_kind, now->schema, now->name, was, now);                       \
    }                                                                                              \
    static void noun##_dropped(struct keel__differ *d, const void *item)                           \
    {                                                                                              \
        const struct model *old = item;                                                            \
        if (!(drop_unless))                                                                        \
            say(d, drop_phase, KEEL_CHANGE_DROP_##NOUN, old->schema, old->name, old, NULL);        \
    }

SAY_NOUN(enum, keel_enum_model, ENUM, KEEL__PHASE_ENUMS, KEEL_CHANGE_ENUM_LABELS, KEEL__PHASE_ENUMS,
         KEEL__PHASE_DROP_ENUMS, false)
SAY_NOUN(domain, keel_domain_model, DOMAIN, KEEL__PHASE_DOMAINS, KEEL_CHANGE_DOMAIN,
         KEEL__PHASE_DOMAINS, KEEL__PHASE_DROP_DOMAINS, false)
/* A sequence may change its owner, which may be a new table. */
SAY_NOUN(sequence, keel_sequence_model, SEQUENCE, KEEL__PHASE_SEQUENCES, KEEL_CHANGE_SEQUENCE,
         KEEL__PHASE_COLUMNS, KEEL__PHASE_DROP_SEQUENCES, goes_along(d, old))

static bool functions_equal(struct keel__differ *d, const void *old, const void *now)
{
    (void)d;
    return strcmp(((const struct keel_function_model *)old)->sql,
                  ((const struct keel_function_model *)now)->sql) == 0;
}

static void function_added(struct keel__differ *d, const void *item)
{
    diff_function(d, NULL, item);
}

static void function_changed(struct keel__differ *d, const void *old, const void *now)
{
    diff_function(d, old, now);
}

static void function_dropped(struct keel__differ *d, const void *item)
{
    const struct keel_function_model *old = item;
    say(d, KEEL__PHASE_DROP_FUNCTIONS, KEEL_CHANGE_DROP_FUNCTION, old->schema, old->name, old,
        NULL);
}

static bool has_extension(const struct keel_schema *schema, const char *name)
{
    for (size_t i = 0; i < schema->extension_count; i++)
        if (strcmp(schema->extensions[i], name) == 0)
            return true;
    return false;
}

static void diff_extensions(struct keel__differ *d)
{
    for (size_t i = 0; i < d->to->extension_count; i++)
        if (!has_extension(d->from, d->to->extensions[i]))
            say(d, KEEL__PHASE_EXTENSIONS, KEEL_CHANGE_ADD_EXTENSION, NULL, d->to->extensions[i],
                NULL, d->to->extensions[i]);
    for (size_t i = 0; i < d->from->extension_count; i++)
        if (!has_extension(d->to, d->from->extensions[i]))
            say(d, KEEL__PHASE_DROP_EXTENSIONS, KEEL_CHANGE_DROP_EXTENSION, NULL,
                d->from->extensions[i], d->from->extensions[i], NULL);
}

#define NOUN(noun, items, count, other_key)                                                        \
    {                                                                                              \
        sizeof *d->from->items, d->from->items, d->to->items, d->from->count, d->to->count,        \
            noun##_key, other_key, noun##s_equal, noun##_added, noun##_changed, noun##_dropped     \
    }

void keel__diff_types(struct keel__differ *d)
{
    const struct noun nouns[] = {NOUN(enum, enums, enum_count, NULL),
                                 NOUN(domain, domains, domain_count, NULL),
                                 NOUN(sequence, sequences, sequence_count, sequence_owner_key),
                                 NOUN(function, functions, function_count, NULL)};
    diff_extensions(d);
    for (size_t i = 0; i < sizeof nouns / sizeof *nouns; i++)
        diff_nouns(d, &nouns[i]);
}
