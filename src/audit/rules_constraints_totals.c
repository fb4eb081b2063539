#include "audit/rules_words.h"

#include "audit/ask.h"
#include "audit/column.h"
#include "audit/name.h"
#include "base/error.h"
#include "base/json.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <yyjson.h>

/* A document that holds parts and their total: {"parts": [{"weight": 40}, ...], "total_weight":
 * 100}
 */

enum { MIN_DOCUMENTS = 20, MAX_DOCUMENT_BYTES = 1 << 20, TRIAL = 50 };

enum verdict { NO_TOTAL = 0, HOLDS, DIFFERS };

struct totals {
    struct keel__arena arena; /* of one document */
    int64_t holding, differing;
    char total[64]; /* the key */
};

/* "total_weight", "weight_total" -> "weight"; false for what is no total. */
static bool total_of(const char *key, char *out, size_t size)
{
    struct keel__name_words words;
    keel__name_split(key, &words);
    if (words.count < 2)
        return false;
    const char *what = NULL;
    if (keel__word_among(words.words[0], "total sum"))
        what = words.words[words.count - 1];
    else if (keel__word_among(words.words[words.count - 1], "total sum"))
        what = words.words[words.count - 2];
    if (what)
        keel__name_singular(what, out, size);
    return what != NULL;
}

static bool is_part(const char *key, const char *what)
{
    struct keel__name_words words;
    char last[64];
    keel__name_split(key, &words);
    if (words.count == 0)
        return false;
    keel__name_singular(words.words[words.count - 1], last, sizeof last);
    return strcmp(last, what) == 0;
}

static bool is_close(double sum, double total)
{
    return fabs(sum - total) <= 0.005 * fmax(1, fabs(total));
}

/* The sum of one key over the objects of an array. */
static double sum_of(yyjson_val *array, const char *key)
{
    double sum = 0;
    size_t i, count;
    yyjson_val *item;
    yyjson_arr_foreach(array, i, count, item) sum += yyjson_get_num(yyjson_obj_get(item, key));
    return sum;
}

/* Whether some list, or all of them together, make the total. */
static enum verdict compare(yyjson_val *root, const char *what, double total)
{
    bool found = false, holds = false;
    double all = 0;
    size_t i, count, k, keys;
    yyjson_val *name, *list, *key, *value;
    yyjson_obj_foreach(root, i, count, name, list)
    {
        yyjson_val *first = yyjson_is_arr(list) ? yyjson_arr_get_first(list) : NULL;
        yyjson_obj_foreach(first, k, keys, key, value)
        {
            if (!yyjson_is_num(value) || !is_part(yyjson_get_str(key), what))
                continue;
            double sum = sum_of(list, yyjson_get_str(key));
            found = true;
            all += sum;
            holds = holds || is_close(sum, total);
        }
    }
    if (!found)
        return NO_TOTAL;
    return holds || is_close(all, total) ? HOLDS : DIFFERS;
}

static int look(void *context, const struct keel_row *row, struct keel_error *err)
{
    struct totals *totals = context;
    struct keel_slice text = keel_row_text(row, 0);
    struct yyjson_doc *doc;
    if (!text.data || text.size > MAX_DOCUMENT_BYTES ||
        totals->differing * 5 > totals->holding + 20)
        return KEEL_OK;
    keel__arena_reset(&totals->arena);
    int rc = keel__json_read_arena(&doc, &totals->arena, text, NULL, NULL);
    if (rc)
        return rc == KEEL_NOMEM ? keel__nomem(err) : KEEL_OK;
    size_t i, count;
    yyjson_val *root = yyjson_doc_get_root(doc), *key, *value;
    yyjson_obj_foreach(root, i, count, key, value)
    {
        char what[64];
        if (!yyjson_is_num(value) || !total_of(yyjson_get_str(key), what, sizeof what))
            continue;
        enum verdict verdict = compare(root, what, yyjson_get_num(value));
        if (verdict == NO_TOTAL)
            continue;
        snprintf(totals->total, sizeof totals->total, "%s", yyjson_get_str(key));
        totals->holding += verdict == HOLDS;
        totals->differing += verdict == DIFFERS;
        break;
    }
    return KEEL_OK;
}

/* Lists of objects, told by the beginning of a document. */
static bool may_hold_parts(const struct keel__profile *profile)
{
    for (int i = 0; i < profile->first.count; i++)
        if (profile->first.texts[i][0] == '{' && strstr(profile->first.texts[i], "[{"))
            return true;
    return false;
}

static int look_through(struct keel__audit *audit, const struct keel__table_facts *facts,
                        const struct keel_column_model *column, struct totals *totals, int limit,
                        struct keel_error *err)
{
    const char *place = keel__audit_table(audit, facts->table);
    const char *name = keel__audit_name(audit, column->name);
    const char *cast = audit->dialect == KEEL_SQLITE ? "" : "::text";
    const char *sql =
        limit ? keel__ask_format(audit, "SELECT t.%s%s FROM %s t WHERE t.%s IS NOT NULL LIMIT %d",
                                 name, cast, place, name, limit)
              : keel__ask_format(audit, "SELECT t.%s%s FROM %s t WHERE t.%s IS NOT NULL", name,
                                 cast, place, name);
    bool answered;
    totals->holding = totals->differing = 0;
    return keel__ask_each(audit, facts->table->name, sql, look, totals, &answered, err);
}

static int of_column(struct keel__audit *audit, const struct keel__table_facts *facts,
                     const struct keel_column_model *column, struct totals *totals,
                     struct keel_error *err)
{
    int rc = look_through(audit, facts, column, totals, TRIAL, err);
    if (rc || totals->holding < totals->differing * 9 || totals->holding == 0)
        return rc;
    rc = look_through(audit, facts, column, totals, 0, err);
    int64_t all = totals->holding + totals->differing;
    if (rc || totals->differing == 0 || all < MIN_DOCUMENTS || totals->differing * 10 > all)
        return rc;
    struct keel_finding *finding =
        keel__finding_add(audit, KEEL__CONSTRAINTS(KEEL__CONSTRAINTS_JSON_TOTAL), facts->table);
    if (!finding)
        return keel__nomem(err);
    keel__finding_column(audit, finding, column->name);
    keel__finding_data(finding, facts, totals->differing);
    keel__finding_count(audit, finding, "documents with a total", all);
    keel__finding_say(audit, finding,
                      "%lld of %lld documents in %s.%s say a %s that their parts do not add up to",
                      (long long)totals->differing, (long long)all, facts->table->name,
                      column->name, totals->total);
    return KEEL_OK;
}

int keel__json_total_table(struct keel__audit *audit, const struct keel__table_facts *facts,
                           struct keel_error *err)
{
    struct totals totals = {.holding = 0};
    int rc = KEEL_OK;
    if (!keel__ask_whole(facts))
        return KEEL_OK;
    keel__arena_init(&totals.arena, 0);
    for (size_t i = 0; i < facts->table->column_count && !rc; i++) {
        const struct keel__profile *profile = &facts->profiles[i];
        if (keel__profile_share(profile, KEEL__SHAPE_JSON_OBJECT) > 0.5 && may_hold_parts(profile))
            rc = of_column(audit, facts, profile->column, &totals, err);
    }
    keel__arena_fini(&totals.arena);
    return rc;
}
