#include "migrate/set.h"

static const struct {
    enum keel_migration_layout layout;
    const char *name;
} names[] = {
    {KEEL_LAYOUT_AUTO, "auto"},
    {KEEL_LAYOUT_PAIRS, "pairs"},
    {KEEL_LAYOUT_DBMATE, "dbmate"},
    {KEEL_LAYOUT_GOOSE, "goose"},
    {KEEL_LAYOUT_PLAIN, "plain"},
    {KEEL_LAYOUT_PAIRS, "keel"},
    {KEEL_LAYOUT_PAIRS, "golang-migrate"},
};

const char *keel_migration_layout_name(enum keel_migration_layout layout)
{
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (names[i].layout == layout)
            return names[i].name;
    return "unknown";
}

bool keel_migration_layout_parse(const char *text, enum keel_migration_layout *out)
{
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        if (strcmp(names[i].name, text) == 0) {
            *out = names[i].layout;
            return true;
        }
    }
    return false;
}

static enum keel_migration_layout layout_of(const struct keel__migration_file *file)
{
    struct keel_slice rest = file->text, line;
    if (file->half != KEEL__FILE_WHOLE)
        return KEEL_LAYOUT_PAIRS;
    while (keel__next_line(&rest, &line)) {
        struct keel_slice comment = keel__comment_of(line);
        struct keel_slice word = keel__next_word(&comment);
        if (keel__word_is(word, "migrate:up") || keel__word_is(word, "migrate:down"))
            return KEEL_LAYOUT_DBMATE;
        if (keel__word_is(word, "+goose"))
            return KEEL_LAYOUT_GOOSE;
    }
    return KEEL_LAYOUT_PLAIN;
}

int keel__layout_recognise(const struct keel__migration_files *files,
                           enum keel_migration_layout *out, struct keel_error *err)
{
    *out = KEEL_LAYOUT_AUTO;
    for (size_t i = 0; i < files->count; i++) {
        enum keel_migration_layout layout = layout_of(&files->items[i]);
        if (i > 0 && layout != *out)
            return keel_error_set(
                err, KEEL_INVALID,
                "%s is laid out as %s and %s as %s: keep one layout in a folder, or name it",
                files->items[0].path, keel_migration_layout_name(*out), files->items[i].path,
                keel_migration_layout_name(layout));
        *out = layout;
    }
    return 0;
}
