#include "schema/diff.h"

#include <stdlib.h>
#include <string.h>

/* A constraint, index or trigger of one of the two tables, reduced to what makes two of them equal.
 */
struct item {
    const void *model;
    const char *name;
    struct keel_slice signature;
    bool not_valid; /* NOT VALID */
    bool forced;    /* has to go and come again though it is the same */
    struct item *partner;
    struct item *next; /* with the same key */
};

struct items {
    struct item *old, *now;
    size_t old_count, now_count;
};

struct kinds {
    enum keel_change_kind drop, add, rename;
    enum keel__phase drop_phase, add_phase;
    bool is_check;
};

/* ---- signatures ------------------------------------------------------------------------------ */

struct signer {
    struct keel__differ *d;
    const struct keel__pair *pair; /* the old side's, NULL on the new side */
    struct keel__str out;
};

static void put_text(struct signer *s, const char *text)
{
    if (text)
        keel__str_printf(&s->out, "%zu:%s;", strlen(text), text);
    else
        keel__str_text(&s->out, "-;");
}

static void put_number(struct signer *s, long number)
{
    keel__str_printf(&s->out, "%ld;", number);
}

static void put_column(struct signer *s, const char *column)
{
    put_text(s, s->pair ? keel__differ_renamed(s->d, s->pair, column)
                        : keel__differ_fold(s->d, column));
}

static void put_columns(struct signer *s, const char *const *columns, size_t count)
{
    put_number(s, (long)count);
    for (size_t i = 0; i < count; i++)
        put_column(s, columns[i]);
}

static void put_sql(struct signer *s, const char *sql)
{
    if (sql)
        keel__normal(&s->out, s->d, sql, s->pair);
    keel__str_char(&s->out, sql ? '\n' : '-');
}

static void put_collation(struct signer *s, const char *collation)
{
    put_text(s, collation ? keel__differ_fold(s->d, collation) : NULL);
}

static struct keel_slice sign(struct signer *s)
{
    struct keel_slice copy = keel__arena_slice(s->d->arena, keel__str_view(&s->out));
    s->d->failed = s->d->failed || s->out.failed || !copy.data;
    keel__str_clear(&s->out);
    return copy;
}

static struct signer signer_of(struct keel__differ *d, const struct keel__pair *pair, bool old)
{
    struct signer s = {.d = d, .pair = old ? pair : NULL};
    keel__str_init(&s.out, 0);
    return s;
}

/* ---- pairs of items -------------------------------------------------------------------------- */

/* The name (for by_name) and the signature as one key. */
static struct keel_slice key_of(struct keel__differ *d, const struct item *item, bool by_name)
{
    struct keel__str key;
    if (!by_name)
        return item->signature;
    keel__str_init(&key, 0);
    keel__str_text(&key, item->name ? keel__differ_fold(d, item->name) : "");
    keel__str_char(&key, '\n');
    keel__str_slice(&key, item->signature);
    struct keel_slice copy = keel__arena_slice(d->arena, keel__str_view(&key));
    d->failed = d->failed || key.failed || !copy.data;
    keel__str_fini(&key);
    return copy;
}

static void match(struct keel__differ *d, struct items *items, bool by_name)
{
    struct keel__map map;
    keel__map_init(&map, d->arena);
    for (size_t i = items->old_count; i-- > 0;) { /* so that the first is found first */
        struct item *old = &items->old[i];
        void **place = old->partner ? NULL : keel__map_at(&map, 0, key_of(d, old, by_name));
        d->failed = d->failed || (!old->partner && !place);
        if (place) {
            old->next = *place;
            *place = old;
        }
    }
    for (size_t i = 0; i < items->now_count && map.count && !d->failed; i++) {
        struct item *now = &items->now[i];
        void **place = now->partner ? NULL : keel__map_at(&map, 0, key_of(d, now, by_name));
        struct item *old = place ? *place : NULL;
        if (!old)
            continue;
        *place = old->next;
        now->partner = old;
        old->partner = now;
    }
}

static void say(struct keel__differ *d, enum keel__phase phase, const struct keel__pair *pair,
                enum keel_change_kind kind, const struct item *old, const struct item *now,
                bool is_check)
{
    struct keel_change change = {.kind = kind, .is_check = is_check};
    if (old) {
        change.old_item = old->model;
        change.name = old->name;
    }
    if (old && (kind == KEEL_CHANGE_RENAME_CONSTRAINT || kind == KEEL_CHANGE_RENAME_INDEX))
        change.old_name = old->name;
    if (now) {
        change.new_item = now->model;
        change.name = now->name;
    }
    keel__change_of(d, phase, pair, change);
}

static void say_partners(struct keel__differ *d, const struct keel__pair *pair,
                         const struct kinds *kinds, const struct item *now)
{
    const struct item *old = now->partner;
    if (kinds->rename && !keel__same_text(old->name, now->name))
        say(d, kinds->add_phase, pair, kinds->rename, old, now, kinds->is_check);
    if (old->not_valid && !now->not_valid)
        say(d, KEEL__PHASE_ADD_REFERENCES, pair, KEEL_CHANGE_VALIDATE, old, now, kinds->is_check);
}

static void say_items(struct keel__differ *d, const struct keel__pair *pair, struct items *items,
                      const struct kinds *kinds)
{
    match(d, items, true);
    if (d->dialect == KEEL_POSTGRES && kinds->rename)
        match(d, items, false);
    for (size_t i = 0; i < items->now_count; i++) {
        struct item *now = &items->now[i], *old = now->partner;
        if (old && (now->forced || old->forced || (!old->not_valid && now->not_valid)))
            old->partner = now->partner = NULL;
    }
    for (size_t i = 0; i < items->old_count; i++)
        if (!items->old[i].partner)
            say(d, kinds->drop_phase, pair, kinds->drop, &items->old[i], NULL, false);
    for (size_t i = 0; i < items->now_count; i++)
        if (items->now[i].partner)
            say_partners(d, pair, kinds, &items->now[i]);
        else
            say(d, kinds->add_phase, pair, kinds->add, NULL, &items->now[i], false);
}

static void make_room(struct keel__differ *d, struct items *items, size_t old, size_t now)
{
    items->old = keel__arena_calloc(d->arena, old + 1, sizeof *items->old);
    items->now = keel__arena_calloc(d->arena, now + 1, sizeof *items->now);
    items->old_count = old;
    items->now_count = now;
    if (items->old && items->now)
        return;
    d->failed = true;
    items->old_count = items->now_count = 0;
}

/* Fills items of one type, from the arrays of both tables. */
#define FILL(d, pair, items, array, count, fill)                                                   \
    do {                                                                                           \
        struct signer old_signer = signer_of((d), (pair), true),                                   \
                      new_signer = signer_of((d), (pair), false);                                  \
        make_room((d), (items), (pair)->old->count, (pair)->now->count);                           \
        for (size_t i_ = 0; i_ < (items)->old_count; i_++)                                         \
            fill(&old_signer, (pair), &(pair)->old->array[i_], &(items)->old[i_]);                 \
        for (size_t i_ = 0; i_ < (items)->now_count; i_++)                                         \
            fill(&new_signer, (pair), &(pair)->now->array[i_], &(items)->now[i_]);                 \
        keel__str_fini(&old_signer.out);                                                           \
        keel__str_fini(&new_signer.out);                                                           \
    } while (0)

/* PostgreSQL drops with a column what stands on it. */
static bool is_on_remade(struct keel__differ *d, const struct keel__pair *pair,
                         const char *const *columns, size_t count)
{
    for (size_t i = 0; pair->remade.count && i < count; i++)
        if (keel__differ_is_marked(d, &pair->remade, columns[i]))
            return true;
    return false;
}

struct mention {
    struct keel__differ *d;
    const struct keel__pair *pair;
    bool remade, retyped;
};

static void look_for(void *context, const char *name)
{
    struct mention *m = context;
    m->remade = m->remade || keel__differ_is_marked(m->d, &m->pair->remade, name);
    m->retyped = m->retyped || keel__differ_is_marked(m->d, &m->pair->retyped, name);
}

static struct mention mention_of(struct keel__differ *d, const struct keel__pair *pair,
                                 const char *sql)
{
    struct mention m = {.d = d, .pair = pair};
    if (sql && (pair->remade.count || pair->retyped.count))
        keel__each_name(d, sql, look_for, &m);
    return m;
}

/* ---- keys ------------------------------------------------------------------------------------ */

static void fill_key(struct signer *s, const struct keel__pair *pair,
                     const struct keel_key_model *key, struct item *item)
{
    *item = (struct item){.model = key, .name = key->name};
    put_columns(s, key->columns, key->column_count);
    put_number(s, key->deferrable);
    put_number(s, key->conflict);
    put_number(s, key->nulls_not_distinct);
    put_columns(s, key->descending, key->descending_count);
    for (size_t i = 0; i < key->column_count; i++)
        put_collation(s, key->collations ? key->collations[i] : NULL);
    put_columns(s, key->include, key->include_count);
    item->signature = sign(s);
    item->forced = !s->pair && (is_on_remade(s->d, pair, key->columns, key->column_count) ||
                                is_on_remade(s->d, pair, key->include, key->include_count));
}

static void diff_primary_key(struct keel__differ *d, const struct keel__pair *pair,
                             struct items *items)
{
    const struct kinds kinds = {.drop = KEEL_CHANGE_DROP_PRIMARY_KEY,
                                .add = KEEL_CHANGE_ADD_PRIMARY_KEY,
                                .rename = KEEL_CHANGE_RENAME_CONSTRAINT,
                                .drop_phase = KEEL__PHASE_DROP_CONSTRAINTS,
                                .add_phase = KEEL__PHASE_ADD_CONSTRAINTS};
    struct signer old = signer_of(d, pair, true), now = signer_of(d, pair, false);
    make_room(d, items, pair->old->primary_key != NULL, pair->now->primary_key != NULL);
    if (items->old_count)
        fill_key(&old, pair, pair->old->primary_key, &items->old[0]);
    if (items->now_count)
        fill_key(&now, pair, pair->now->primary_key, &items->now[0]);
    keel__str_fini(&old.out);
    keel__str_fini(&now.out);
    say_items(d, pair, items, &kinds);
}

static void diff_uniques(struct keel__differ *d, const struct keel__pair *pair, struct items *items)
{
    const struct kinds kinds = {.drop = KEEL_CHANGE_DROP_UNIQUE,
                                .add = KEEL_CHANGE_ADD_UNIQUE,
                                .rename = KEEL_CHANGE_RENAME_CONSTRAINT,
                                .drop_phase = KEEL__PHASE_DROP_CONSTRAINTS,
                                .add_phase = KEEL__PHASE_ADD_CONSTRAINTS};
    FILL(d, pair, items, uniques, unique_count, fill_key);
    say_items(d, pair, items, &kinds);
}

/* ---- checks and exclusions ------------------------------------------------------------------- */

static void fill_check(struct signer *s, const struct keel__pair *pair,
                       const struct keel_check_model *check, struct item *item)
{
    *item = (struct item){.model = check, .name = check->name, .not_valid = check->not_valid};
    put_number(s, check->no_inherit);
    put_sql(s, check->expression);
    item->signature = sign(s);
    item->forced = !s->pair && mention_of(s->d, pair, check->expression).remade;
}

static void fill_exclusion(struct signer *s, const struct keel__pair *pair,
                           const struct keel_exclusion_model *exclusion, struct item *item)
{
    *item = (struct item){.model = exclusion, .name = exclusion->name};
    put_sql(s, exclusion->definition);
    item->signature = sign(s);
    item->forced = !s->pair && mention_of(s->d, pair, exclusion->definition).remade;
}

static void diff_checks(struct keel__differ *d, const struct keel__pair *pair)
{
    const struct kinds kinds = {.drop = KEEL_CHANGE_DROP_CHECK,
                                .add = KEEL_CHANGE_ADD_CHECK,
                                .rename = KEEL_CHANGE_RENAME_CONSTRAINT,
                                .drop_phase = KEEL__PHASE_DROP_CONSTRAINTS,
                                .add_phase = KEEL__PHASE_ADD_CONSTRAINTS,
                                .is_check = true};
    struct items items;
    FILL(d, pair, &items, checks, check_count, fill_check);
    say_items(d, pair, &items, &kinds);
}

static void diff_exclusions(struct keel__differ *d, const struct keel__pair *pair)
{
    const struct kinds kinds = {.drop = KEEL_CHANGE_DROP_EXCLUSION,
                                .add = KEEL_CHANGE_ADD_EXCLUSION,
                                .rename = KEEL_CHANGE_RENAME_CONSTRAINT,
                                .drop_phase = KEEL__PHASE_DROP_CONSTRAINTS,
                                .add_phase = KEEL__PHASE_ADD_CONSTRAINTS};
    struct items items;
    FILL(d, pair, &items, exclusions, exclusion_count, fill_exclusion);
    say_items(d, pair, &items, &kinds);
}

/* ---- indexes --------------------------------------------------------------------------------- */

static void put_part(struct signer *s, const struct keel_index_part *part)
{
    if (part->column)
        put_column(s, part->column);
    else
        put_sql(s, part->expression);
    put_number(s, part->descending);
    put_number(s, part->nulls_first);
    put_collation(s, part->collation);
    put_text(s, part->opclass);
}

static bool is_index_on_remade(struct keel__differ *d, const struct keel__pair *pair,
                               const struct keel_index_model *index)
{
    for (size_t i = 0; i < index->part_count; i++) {
        const struct keel_index_part *part = &index->parts[i];
        if (part->column ? is_on_remade(d, pair, &(const char *){part->column}, 1)
                         : mention_of(d, pair, part->expression).remade)
            return true;
    }
    return is_on_remade(d, pair, index->include, index->include_count) ||
           mention_of(d, pair, index->where).remade;
}

static void fill_index(struct signer *s, const struct keel__pair *pair,
                       const struct keel_index_model *index, struct item *item)
{
    *item = (struct item){.model = index, .name = index->name};
    put_number(s, index->unique);
    put_number(s, index->valid);
    put_number(s, index->nulls_not_distinct);
    put_text(s, index->method);
    for (size_t i = 0; i < index->part_count; i++)
        put_part(s, &index->parts[i]);
    put_columns(s, index->include, index->include_count);
    put_sql(s, index->where);
    put_text(s, index->options);
    item->signature = sign(s);
    item->forced = !s->pair && pair->remade.count && is_index_on_remade(s->d, pair, index);
}

static void diff_indexes(struct keel__differ *d, const struct keel__pair *pair, struct items *items)
{
    const struct kinds kinds = {.drop = KEEL_CHANGE_DROP_INDEX,
                                .add = KEEL_CHANGE_ADD_INDEX,
                                .rename =
                                    d->dialect == KEEL_POSTGRES ? KEEL_CHANGE_RENAME_INDEX : 0,
                                .drop_phase = KEEL__PHASE_DROP_INDEXES,
                                .add_phase = KEEL__PHASE_ADD_INDEXES};
    FILL(d, pair, items, indexes, index_count, fill_index);
    say_items(d, pair, items, &kinds);
}

/* ---- keys that references stand on ----------------------------------------------------------- */

static int by_text(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* The columns in an order of their own. */
static struct keel_slice set_of(struct keel__differ *d, const struct keel__pair *pair,
                                const char *const *columns, size_t count)
{
    struct signer s = signer_of(d, pair, false);
    const char **names = keel__arena_calloc(d->arena, count + 1, sizeof *names);
    if (!names) {
        d->failed = true;
        return keel_slice("", 0);
    }
    for (size_t i = 0; i < count; i++)
        names[i] = keel__differ_renamed(d, pair, columns[i]);
    if (count > 1)
        qsort(names, count, sizeof *names, by_text);
    for (size_t i = 0; i < count; i++)
        put_text(&s, names[i]);
    struct keel_slice set = sign(&s);
    keel__str_fini(&s.out);
    return set;
}

static void lose(struct keel__differ *d, struct keel__pair *pair, const char *const *columns,
                 size_t count)
{
    void **place = keel__map_at(&pair->lost_keys, 0, set_of(d, pair, columns, count));
    if (place)
        *place = pair;
    else
        d->failed = true;
}

static void lose_keys(struct keel__differ *d, struct keel__pair *pair, const struct items *items)
{
    for (size_t i = 0; i < items->old_count; i++) {
        const struct keel_key_model *key = items->old[i].model;
        if (!items->old[i].partner)
            lose(d, pair, key->columns, key->column_count);
    }
}

static void lose_indexes(struct keel__differ *d, struct keel__pair *pair, const struct items *items)
{
    for (size_t i = 0; i < items->old_count; i++) {
        const struct keel_index_model *index = items->old[i].model;
        const char **columns = keel__arena_calloc(d->arena, index->part_count + 1, sizeof *columns);
        if (items->old[i].partner || !index->unique || !columns)
            continue;
        for (size_t k = 0; k < index->part_count; k++)
            columns[k] = index->parts[k].column ? index->parts[k].column : "";
        lose(d, pair, columns, index->part_count);
    }
}

void keel__diff_keys(struct keel__differ *d, struct keel__pair *pair)
{
    struct items keys, uniques, indexes;
    diff_primary_key(d, pair, &keys);
    diff_uniques(d, pair, &uniques);
    diff_checks(d, pair);
    diff_exclusions(d, pair);
    diff_indexes(d, pair, &indexes);
    lose_keys(d, pair, &keys);
    lose_keys(d, pair, &uniques);
    lose_indexes(d, pair, &indexes);
}

/* ---- references ------------------------------------------------------------------------------ */

/* The parent's pair, for the old side. */
static struct keel__pair *old_parent(struct signer *s, const struct keel_foreign_key_model *key)
{
    return s->pair ? keel__differ_old_table(s->d, key->parent_schema, key->parent) : NULL;
}

static bool is_retyped(struct keel__differ *d, const struct keel__pair *pair,
                       const char *const *columns, size_t count)
{
    for (size_t i = 0; pair && columns && pair->retyped.count && i < count; i++)
        if (keel__differ_is_marked(d, &pair->retyped, keel__differ_renamed(d, pair, columns[i])))
            return true;
    return false;
}

/* PostgreSQL: what it stands on goes or changes, and it cannot stay meanwhile. */
static bool is_shaken(struct signer *s, const struct keel__pair *parent,
                      const struct keel_foreign_key_model *key)
{
    struct keel__differ *d = s->d;
    if (d->dialect == KEEL_SQLITE || !s->pair)
        return false;
    if (!parent || !parent->now ||
        (parent->lost_keys.count && key->parent_columns &&
         keel__map_get(&parent->lost_keys, 0,
                       set_of(d, parent, key->parent_columns, key->column_count))))
        return true;
    return is_retyped(d, s->pair, key->columns, key->column_count) ||
           is_retyped(d, parent, key->parent_columns, key->column_count);
}

static void fill_reference(struct signer *s, const struct keel__pair *pair,
                           const struct keel_foreign_key_model *key, struct item *item)
{
    const struct keel__pair *parent = old_parent(s, key);
    const struct keel_table_model *now = parent ? parent->now : NULL;
    *item = (struct item){.model = key, .name = key->name, .not_valid = key->not_valid};
    put_columns(s, key->columns, key->column_count);
    put_text(s, now ? now->schema : key->parent_schema);
    put_text(s, keel__differ_fold(s->d, now ? now->name : key->parent));
    for (size_t i = 0; key->parent_columns && i < key->column_count; i++)
        put_text(s, keel__differ_renamed(s->d, parent, key->parent_columns[i]));
    put_number(s, key->on_delete);
    put_number(s, key->on_update);
    put_columns(s, key->set_columns, key->set_column_count);
    put_number(s, key->match);
    put_number(s, key->deferrable);
    item->signature = sign(s);
    item->forced = is_shaken(s, parent, key) ||
                   (!s->pair && is_on_remade(s->d, pair, key->columns, key->column_count));
}

void keel__diff_references(struct keel__differ *d, struct keel__pair *pair)
{
    const struct kinds kinds = {.drop = KEEL_CHANGE_DROP_FOREIGN_KEY,
                                .add = KEEL_CHANGE_ADD_FOREIGN_KEY,
                                .rename = KEEL_CHANGE_RENAME_CONSTRAINT,
                                .drop_phase = KEEL__PHASE_DROP_REFERENCES,
                                .add_phase = KEEL__PHASE_ADD_REFERENCES};
    struct items items;
    FILL(d, pair, &items, foreign_keys, foreign_key_count, fill_reference);
    say_items(d, pair, &items, &kinds);
}

/* ---- triggers -------------------------------------------------------------------------------- */

static void fill_trigger(struct signer *s, const struct keel__pair *pair,
                         const struct keel_trigger_model *trigger, struct item *item)
{
    const struct keel__pair *renames = s->pair;
    *item = (struct item){.model = trigger, .name = trigger->name};
    s->pair = NULL; /* it may speak of other tables: with other names it is another trigger */
    put_sql(s, trigger->sql);
    s->pair = renames;
    put_number(s, trigger->enabled);
    item->signature = sign(s);
    if (!s->pair && s->d->dialect == KEEL_POSTGRES) {
        struct mention m = mention_of(s->d, pair, trigger->sql);
        item->forced = m.remade || m.retyped;
    }
}

void keel__diff_triggers(struct keel__differ *d, const struct keel__pair *pair)
{
    const struct kinds kinds = {.drop = KEEL_CHANGE_DROP_TRIGGER,
                                .add = KEEL_CHANGE_ADD_TRIGGER,
                                .drop_phase = KEEL__PHASE_DROP_TRIGGERS,
                                .add_phase = KEEL__PHASE_ADD_TRIGGERS};
    struct items items;
    FILL(d, pair, &items, triggers, trigger_count, fill_trigger);
    say_items(d, pair, &items, &kinds);
}

/* ---- tables that come and go ----------------------------------------------------------------- */

static void say_part(struct keel__differ *d, enum keel__phase phase, const struct keel__pair *pair,
                     enum keel_change_kind kind, const void *old, const void *now, const char *name)
{
    keel__change_of(
        d, phase, pair,
        (struct keel_change){.kind = kind, .old_item = old, .new_item = now, .name = name});
}

void keel__diff_new_table(struct keel__differ *d, struct keel__pair *pair)
{
    const struct keel_table_model *t = pair->now;
    bool postgres = d->dialect == KEEL_POSTGRES;
    for (size_t i = 0; i < t->check_count; i++)
        if (t->checks[i].not_valid)
            say_part(d, KEEL__PHASE_ADD_CONSTRAINTS, pair, KEEL_CHANGE_ADD_CHECK, NULL,
                     &t->checks[i], t->checks[i].name);
    for (size_t i = 0; i < t->index_count; i++)
        say_part(d, KEEL__PHASE_ADD_INDEXES, pair, KEEL_CHANGE_ADD_INDEX, NULL, &t->indexes[i],
                 t->indexes[i].name);
    for (size_t i = 0; postgres && i < t->foreign_key_count; i++)
        say_part(d, KEEL__PHASE_ADD_REFERENCES, pair, KEEL_CHANGE_ADD_FOREIGN_KEY, NULL,
                 &t->foreign_keys[i], t->foreign_keys[i].name);
    for (size_t i = 0; i < t->trigger_count; i++)
        say_part(d, KEEL__PHASE_ADD_TRIGGERS, pair, KEEL_CHANGE_ADD_TRIGGER, NULL, &t->triggers[i],
                 t->triggers[i].name);
}

void keel__diff_gone_table(struct keel__differ *d, struct keel__pair *pair)
{
    const struct keel_table_model *t = pair->old;
    pair->disturbs_views = true;
    for (size_t i = 0; d->dialect == KEEL_POSTGRES && i < t->foreign_key_count; i++) {
        const struct keel_foreign_key_model *key = &t->foreign_keys[i];
        const struct keel__pair *parent =
            keel__differ_old_table(d, key->parent_schema, key->parent);
        if (parent && !parent->now && parent->rank < pair->rank)
            say_part(d, KEEL__PHASE_DROP_REFERENCES, pair, KEEL_CHANGE_DROP_FOREIGN_KEY, key, NULL,
                     key->name);
    }
}
