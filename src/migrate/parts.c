#include "migrate/set.h"

/* Reads one file line by line; a part runs from its opening line to the next one's. */
struct reader {
    struct keel__arena *arena;
    const struct keel__migration_file *file;
    struct keel__migration *out;
    struct keel__section *open; /* the part that the line belongs to */
    size_t line;
    size_t statement_line; /* goose: of the StatementBegin that is open; 0 */
    bool no_transaction;   /* goose: of the whole file */
    struct keel_error *err;
};

static int fail(const struct reader *r, const char *message)
{
    return keel__file_error(r->err, r->file->path, r->line, "%s", message);
}

static int open_section(struct reader *r, struct keel__sections *sections, const char *start)
{
    if (!keel__make_room(r->arena, (void **)&sections->items, sections->count, sizeof *r->open))
        return keel__arena_error(r->arena, r->err);
    r->open = &sections->items[sections->count++];
    *r->open = (struct keel__section){.sql = keel_slice(start, 0),
                                      .file = r->file->path,
                                      .line = r->line,
                                      .transaction = true,
                                      .foreign_keys = true};
    return 0;
}

/* "transaction:false"; absent value when key is another. */
static struct keel_slice value_of(struct keel_slice option, const char *key)
{
    size_t n = strlen(key);
    if (option.size <= n || memcmp(option.data, key, n) != 0 || option.data[n] != ':')
        return keel_slice(NULL, 0);
    return keel_slice(option.data + n + 1, option.size - n - 1);
}

/* What a migration may say of itself; true is the usual. */
static int set_option(struct reader *r, const char *key, struct keel_slice value, bool *option)
{
    if (keel__word_is(value, "false"))
        *option = false;
    else if (!keel__word_is(value, "true"))
        return keel__file_error(r->err, r->file->path, r->line, "%s: takes true or false", key);
    return 0;
}

/* ---- dbmate: https://github.com/amacneil/dbmate#creating-migrations ---------------------------
 */

static int dbmate_options(struct reader *r, struct keel_slice options)
{
    struct keel_slice word;
    while ((word = keel__next_word(&options)).data) {
        struct keel_slice value = value_of(word, "transaction");
        if (!value.data)
            return keel__file_error(r->err, r->file->path, r->line, "unknown option '%.*s'",
                                    (int)(word.size > 60 ? 60 : word.size), word.data);
        int rc = set_option(r, "transaction", value, &r->open->transaction);
        if (rc)
            return rc;
    }
    return 0;
}

static int dbmate_line(struct reader *r, struct keel_slice line)
{
    struct keel_slice comment = keel__comment_of(line);
    struct keel_slice word = keel__next_word(&comment);
    bool up = keel__word_is(word, "migrate:up"), down = keel__word_is(word, "migrate:down");
    if (!up && !down)
        return !r->open && !keel__is_comment_line(line)
                   ? fail(r, "SQL before the first '-- migrate:up'")
                   : 0;
    if (down && r->out->up.count == 0)
        return fail(r, "'-- migrate:down' before the first '-- migrate:up'");
    int rc = open_section(r, up ? &r->out->up : &r->out->down, line.data);
    return rc ? rc : dbmate_options(r, comment);
}

/* ---- goose: https://pressly.github.io/goose/documentation/annotations/ ------------------------
 */

/* Inside StatementBegin and StatementEnd all is one statement to goose; our splitter needs no such
 * help, so they are only held to be in pairs. */
static int goose_statement(struct reader *r, bool begin)
{
    if (!r->open)
        return fail(r, "'-- +goose StatementBegin' before '-- +goose Up'");
    if (begin && r->statement_line)
        return fail(r, "'-- +goose StatementBegin' inside another one");
    if (!begin && !r->statement_line)
        return fail(r, "'-- +goose StatementEnd' without a StatementBegin");
    r->statement_line = begin ? r->line : 0;
    return 0;
}

static int goose_direction(struct reader *r, bool up, const char *start)
{
    struct keel__sections *sections = up ? &r->out->up : &r->out->down;
    if (r->statement_line)
        return fail(r, "'-- +goose StatementBegin' above has no StatementEnd");
    if (sections->count > 0)
        return fail(r, up ? "'-- +goose Up' for the second time"
                          : "'-- +goose Down' for the second time");
    if (!up && r->out->up.count == 0)
        return fail(r, "'-- +goose Down' before '-- +goose Up'");
    return open_section(r, sections, start);
}

static int goose_line(struct reader *r, struct keel_slice line)
{
    struct keel_slice comment = keel__comment_of(line);
    struct keel_slice word = keel__next_word(&comment);
    if (!keel__word_is(word, "+goose"))
        return !r->open && !keel__is_comment_line(line) ? fail(r, "SQL before '-- +goose Up'") : 0;
    word = keel__next_word(&comment);
    if (keel__word_is_any_case(word, "up") || keel__word_is_any_case(word, "down"))
        return goose_direction(r, keel__word_is_any_case(word, "up"), line.data);
    if (keel__word_is_any_case(word, "statementbegin"))
        return goose_statement(r, true);
    if (keel__word_is_any_case(word, "statementend"))
        return goose_statement(r, false);
    if (keel__word_is_any_case(word, "no") &&
        keel__word_is_any_case(keel__next_word(&comment), "transaction")) {
        r->no_transaction = true;
        return 0;
    }
    if (keel__word_is_any_case(word, "envsub")) {
        if (keel__word_is_any_case(keel__next_word(&comment), "off"))
            return 0;
        return fail(r, "'-- +goose ENVSUB ON' is not supported: what a migration does must not "
                       "depend on the environment; write the values out");
    }
    return fail(r, "unknown goose annotation (known are Up, Down, StatementBegin, StatementEnd, NO "
                   "TRANSACTION)");
}

/* ---- files that are one part ------------------------------------------------------------------
 */

/* "-- transaction:false" and "-- foreign_keys:false" among the comments at the top;
 * "-- transaction: some words" is prose. */
static int header_line(struct reader *r, struct keel_slice line, bool *in_header)
{
    struct keel_slice comment = keel__comment_of(line);
    struct keel_slice word = keel__next_word(&comment);
    const char *key = "transaction";
    bool *option = &r->open->transaction;
    struct keel_slice value = value_of(word, key);
    if (!value.data) {
        key = "foreign_keys";
        option = &r->open->foreign_keys;
        value = value_of(word, key);
    }
    *in_header = *in_header && keel__is_comment_line(line);
    if (!*in_header || !value.data)
        return 0;
    if (value.size == 0) {
        value = keel__next_word(&comment);
        if (!keel__word_is(value, "true") && !keel__word_is(value, "false"))
            return 0;
    }
    return set_option(r, key, value, option);
}

static int read_whole(struct reader *r, struct keel__sections *sections)
{
    struct keel_slice rest = r->file->text, line;
    bool in_header = true;
    r->line = 1;
    int rc = open_section(r, sections, rest.data);
    for (; rc == 0 && in_header && keel__next_line(&rest, &line); r->line++)
        rc = header_line(r, line, &in_header);
    if (rc == 0)
        r->open->sql = r->file->text;
    return rc;
}

/* ---- files with parts -------------------------------------------------------------------------
 */

static int read_parts(struct reader *r, int (*take)(struct reader *, struct keel_slice))
{
    struct keel_slice rest = r->file->text, line;
    int rc = 0;
    r->line = 1;
    for (; rc == 0 && keel__next_line(&rest, &line); r->line++) {
        rc = take(r, line);
        if (rc == 0 && r->open)
            r->open->sql.size = (size_t)(rest.data - r->open->sql.data);
    }
    return rc;
}

static int read_dbmate(struct reader *r)
{
    int rc = read_parts(r, dbmate_line);
    if (rc == 0 && r->out->up.count == 0)
        return keel__file_error(r->err, r->file->path, 0, "has no line '-- migrate:up'");
    /* What the last pair did is undone first. */
    struct keel__sections *down = &r->out->down;
    for (size_t i = 0; rc == 0 && i < down->count / 2; i++) {
        struct keel__section other = down->items[i];
        down->items[i] = down->items[down->count - 1 - i];
        down->items[down->count - 1 - i] = other;
    }
    return rc;
}

static int read_goose(struct reader *r)
{
    int rc = read_parts(r, goose_line);
    if (rc)
        return rc;
    if (r->out->up.count == 0)
        return keel__file_error(r->err, r->file->path, 0, "has no line '-- +goose Up'");
    if (r->statement_line) {
        r->line = r->statement_line;
        return fail(r, "'-- +goose StatementBegin' has no StatementEnd");
    }
    r->out->up.items[0].transaction = !r->no_transaction;
    if (r->out->down.count)
        r->out->down.items[0].transaction = !r->no_transaction;
    return 0;
}

int keel__parts_read(struct keel__arena *arena, const struct keel__migration_file *file,
                     enum keel_migration_layout layout, struct keel__migration *out,
                     struct keel_error *err)
{
    struct reader reader = {.arena = arena, .file = file, .out = out, .err = err};
    bool halves = layout == KEEL_LAYOUT_PAIRS;
    if (halves && file->half == KEEL__FILE_WHOLE)
        return keel__file_error(err, file->path, 0, "does not end in .up.sql or .down.sql");
    if (!halves && file->half != KEEL__FILE_WHOLE)
        return keel__file_error(err, file->path, 0, "is half of a pair, not a file of layout %s",
                                keel_migration_layout_name(layout));
    if (layout == KEEL_LAYOUT_DBMATE)
        return read_dbmate(&reader);
    if (layout == KEEL_LAYOUT_GOOSE)
        return read_goose(&reader);
    return read_whole(&reader, file->half == KEEL__FILE_DOWN ? &out->down : &out->up);
}
