/*
 * store/read.h - rows taken over into an arena, and what else the reading files share.
 */
#ifndef STORE_READ_H
#define STORE_READ_H

#include "base/error.h"
#include "store/result.h"
#include "store/store.h"

/* Takes a row's columns over, one after the other. */
struct keel__reader {
    const struct keel_row *row;
    struct keel__arena *arena;
    size_t column; /* the next one */
    bool failed;   /* memory is out: see keel__reader_error */
};
struct keel__reader keel__reader_of(const struct keel_row *row, struct keel__arena *arena);
int keel__reader_error(const struct keel__reader *reader, struct keel_error *err);

const char *keel__read_text(struct keel__reader *reader); /* a copy; NULL for NULL */
/* Borrowed from the row; absent for NULL. */
struct keel_slice keel__read_word(struct keel__reader *reader);
struct keel_slice keel__read_slice(struct keel__reader *reader); /* a copy; absent for NULL */
int64_t keel__read_int(struct keel__reader *reader, int64_t none);
int64_t keel__read_time(struct keel__reader *reader); /* 0 for NULL */
int64_t keel__read_money(struct keel__reader *reader, int64_t none);
bool keel__read_bool(struct keel__reader *reader);
/* false, and nothing in *out, for NULL. */
bool keel__read_uuid(struct keel__reader *reader, struct keel_uuid *out);
bool keel__read_hash(struct keel__reader *reader, struct keel_hash *out);
/* Four columns: bytes that stand inline, or else a row of contents (encoding, size, bytes). */
int keel__read_content(struct keel__reader *reader, struct keel_slice *out, struct keel_error *err);

/* NOTFOUND, naming the run, when there is no such run. */
int keel__run_must_exist(struct keel_db *db, struct keel_uuid run_id, struct keel_error *err);

#endif
