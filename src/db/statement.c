#include "db/statement.h"

#include "base/error.h"
#include "db/driver.h"

#include <stdlib.h>

/* FNV-1a over words of eight bytes: texts are some hundred bytes, and this runs before every
 * statement. */
static uint64_t hash_text(const char *text, size_t size)
{
    const uint64_t prime = UINT64_C(0x100000001b3);
    uint64_t hash = UINT64_C(0xcbf29ce484222325);
    for (; size >= 8; text += 8, size -= 8) {
        uint64_t word;
        memcpy(&word, text, 8);
        hash = (hash ^ word) * prime;
        hash ^= hash >> 29;
    }
    for (; size > 0; text++, size--)
        hash = (hash ^ (uint8_t)*text) * prime;
    return hash;
}

static uint8_t param_type(const struct keel_query *query, const struct keel_value *params, size_t i)
{
    return (uint8_t)(query->params ? query->params[i] : params[i].type);
}

static struct keel__statement **bucket_of(struct keel__statements *all, uint64_t hash)
{
    size_t count = sizeof all->buckets / sizeof *all->buckets;
    return &all->buckets[(hash ^ hash >> 32) % count];
}

static void unlink_recent(struct keel__statements *all, struct keel__statement *statement)
{
    *(statement->newer ? &statement->newer->older : &all->newest) = statement->older;
    *(statement->older ? &statement->older->newer : &all->oldest) = statement->newer;
}

static void link_newest(struct keel__statements *all, struct keel__statement *statement)
{
    statement->newer = NULL;
    statement->older = all->newest;
    *(all->newest ? &all->newest->newer : &all->oldest) = statement;
    all->newest = statement;
}

static void free_statement(struct keel__statement *statement)
{
    free(statement->sql);
    free(statement->param_types);
    free(statement->cells);
    free(statement);
}

void keel__statement_drop(struct keel_db *db, struct keel__statement *statement)
{
    struct keel__statements *all = &db->statements;
    struct keel__statement **at = bucket_of(all, statement->hash);
    while (*at != statement)
        at = &(*at)->bucket_next;
    *at = statement->bucket_next;
    unlink_recent(all, statement);
    all->count--;
    if (statement->handle)
        db->driver->discard(db, statement);
    free_statement(statement);
}

void keel__statements_drop_all(struct keel_db *db)
{
    while (db->statements.oldest)
        keel__statement_drop(db, db->statements.oldest);
}

static bool matches(const struct keel__statement *statement, uint64_t hash, const char *sql,
                    size_t size, bool is_batch, const struct keel_query *query,
                    const struct keel_value *params, size_t count)
{
    if (statement->hash != hash || statement->sql_size != size || statement->is_batch != is_batch ||
        statement->param_count != count || memcmp(statement->sql, sql, size) != 0)
        return false;
    for (size_t i = 0; i < count; i++)
        if (statement->param_types[i] != param_type(query, params, i))
            return false;
    return true;
}

static struct keel__statement *new_statement(const char *sql, size_t size, uint64_t hash,
                                             size_t count)
{
    struct keel__statement *statement = calloc(1, sizeof *statement);
    if (!statement)
        return NULL;
    statement->sql = malloc(size + 1);
    statement->param_types = malloc(count ? count : 1);
    if (!statement->sql || !statement->param_types) {
        free_statement(statement);
        return NULL;
    }
    memcpy(statement->sql, sql, size + 1);
    statement->sql_size = size;
    statement->param_count = count;
    statement->hash = hash;
    return statement;
}

static struct keel__statement *add(struct keel_db *db, struct keel__statement *statement)
{
    struct keel__statements *all = &db->statements;
    if (all->count >= KEEL__MAX_STATEMENTS)
        keel__statement_drop(db, all->oldest);
    struct keel__statement **bucket = bucket_of(all, statement->hash);
    statement->bucket_next = *bucket;
    *bucket = statement;
    link_newest(all, statement);
    all->count++;
    return statement;
}

int keel__statement_get(struct keel__statement **out, struct keel_db *db,
                        const struct keel_query *query, const struct keel_value *params,
                        size_t count, bool is_batch, struct keel_error *err)
{
    bool sqlite = db->driver->dialect == KEEL_SQLITE;
    const char *sql = sqlite ? query->sqlite : query->postgres;
    if (!sql)
        return keel_error_set(err, KEEL_UNSUPPORTED, "this statement does not exist for %s",
                              sqlite ? "SQLite" : "PostgreSQL");
    size_t size = strlen(sql);
    uint64_t hash = hash_text(sql, size);
    struct keel__statement *statement = *bucket_of(&db->statements, hash);
    while (statement && !matches(statement, hash, sql, size, is_batch, query, params, count))
        statement = statement->bucket_next;
    if (statement) {
        if (statement != db->statements.newest) {
            unlink_recent(&db->statements, statement);
            link_newest(&db->statements, statement);
        }
    } else {
        statement = new_statement(sql, size, hash, count);
        if (!statement)
            return keel__nomem(err);
        statement->is_batch = is_batch;
        for (size_t i = 0; i < count; i++)
            statement->param_types[i] = param_type(query, params, i);
        add(db, statement);
    }
    statement->returns = query->returns;
    statement->return_count = query->returns ? query->return_count : 0;
    *out = statement;
    return KEEL_OK;
}

int keel__statement_cells(struct keel__statement *statement, size_t columns, struct keel_error *err)
{
    statement->columns = columns;
    if (columns <= statement->cell_capacity)
        return KEEL_OK;
    struct keel_value *cells = realloc(statement->cells, columns * sizeof *cells);
    if (!cells)
        return keel__nomem(err);
    statement->cells = cells;
    statement->cell_capacity = columns;
    return KEEL_OK;
}
