/*
 * migrate/set.h - a set of migrations as it was read: files, their layout, their parts.
 */
#ifndef KEEL_MIGRATE_SET_H
#define KEEL_MIGRATE_SET_H

#include <keel/migrate.h>

#include "base/arena.h"

/* Bounds on what a folder may hold. */
enum {
    KEEL__MAX_MIGRATION_FILES = 20000,
    KEEL__MAX_MIGRATION_BYTES = 64 << 20, /* one file */
    KEEL__MAX_MIGRATIONS_BYTES = 512 << 20
};

/* A part of a file that is run up or down. */
struct keel__section {
    struct keel_slice sql; /* with the line that opened it, where the layout has one */
    const char *file;
    size_t line; /* of its first line */
    bool transaction;
    bool foreign_keys; /* SQLite: false: off, and rows may point nowhere in the end */
};

struct keel__sections {
    struct keel__section *items;
    size_t count;
};

struct keel__migration {
    struct keel_migration pub;
    struct keel__sections up, down; /* in the order in which they run */
};

struct keel_migrations {
    struct keel__arena arena;
    enum keel_migration_layout layout;
    struct keel__migration *items;
    size_t count;
};

/* A file whose name begins with a digit. */
struct keel__migration_file {
    const char *path; /* for people */
    struct keel_slice text;
    int64_t version;
    const char *version_text, *name;
    enum { KEEL__FILE_WHOLE, KEEL__FILE_UP, KEEL__FILE_DOWN } half; /* by its ending */
};

struct keel__migration_files {
    struct keel__migration_file *items;
    size_t count;
    const char *go; /* a migration that is a Go program; NULL */
};

/* file_name.c: "0001_add_users.up.sql". INVALID when the number is too large or not followed by one
 * of _ - . */
int keel__file_name_parse(struct keel__arena *arena, const char *name,
                          struct keel__migration_file *out, struct keel_error *err);

/* folder.c: reads the numbered .sql files of dir, in no particular order. */
int keel__folder_read(struct keel__arena *arena, const char *dir, struct keel__migration_files *out,
                      struct keel_error *err);
/* Reads one file, whatever it is called: path and text only. */
int keel__file_read(struct keel__arena *arena, const char *path, struct keel__migration_file *out,
                    struct keel_error *err);
/* Takes a byte order mark away; INVALID for NUL bytes. */
int keel__file_check(struct keel__migration_file *file, struct keel_error *err);

/* layout.c: what the files look like; INVALID when they do not agree, AUTO when there are none. */
int keel__layout_recognise(const struct keel__migration_files *files,
                           enum keel_migration_layout *out, struct keel_error *err);

/* parts.c: cuts the text of file, which is in that layout, into parts: up ones and down ones. */
int keel__parts_read(struct keel__arena *arena, const struct keel__migration_file *file,
                     enum keel_migration_layout layout, struct keel__migration *out,
                     struct keel_error *err);

/* checksum.c: BLAKE2b-256 of the normalised text of the sections; all zero for none. */
struct keel_hash keel__sections_checksum(const struct keel__sections *sections);
struct keel__hasher;
/* Adds text without what does not matter: line ends, trailing blanks, blank lines at the end. */
void keel__checksum_add(struct keel__hasher *hasher, struct keel_slice text);

/* lines.c: the next line of *rest without its end; false after the last. */
bool keel__next_line(struct keel_slice *rest, struct keel_slice *line);
/* Whether a line is empty, blank or a "--" comment. */
bool keel__is_comment_line(struct keel_slice line);
/* What follows "--" and blanks at the very start of line, without trailing blanks; absent
 * otherwise. */
struct keel_slice keel__comment_of(struct keel_slice line);
/* Takes the next blank-separated word from *rest; absent at the end. */
struct keel_slice keel__next_word(struct keel_slice *rest);
bool keel__word_is(struct keel_slice text, const char *word);          /* exactly */
bool keel__word_is_any_case(struct keel_slice text, const char *word); /* ASCII case aside */

/* Makes room for one more than count elements of an array that this alone has grown; doubles when
 * count is a power of two. false when memory is out. */
bool keel__make_room(struct keel__arena *arena, void **items, size_t count, size_t size);

/* INVALID with "file:line: " before the message. */
int keel__file_error(struct keel_error *err, const char *file, size_t line, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

#endif
