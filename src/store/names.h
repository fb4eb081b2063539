/*
 * store/names.h - the integer keys of the rows behind names: projects, users, sessions, models.
 *
 * Nothing is remembered from one transaction to the next: another process may have deleted a row,
 * and SQLite gives its key out again.
 */
#ifndef STORE_NAMES_H
#define STORE_NAMES_H

#include "base/map.h"
#include "store/result.h"

struct keel__name {
    int64_t id;              /* 0 until resolved */
    struct keel_value group; /* session: its project's id; model: its provider */
    struct keel_slice text;
    struct keel_slice key;
};

/* Names of one kind that a transaction uses, each once. */
struct keel__names {
    struct keel__arena *arena;
    const struct keel_query *find, *insert;
    bool grouped;
    struct keel__map by_key;
    struct keel__list list; /* of struct keel__name * */
};

void keel__projects_init(struct keel__names *names, struct keel__arena *arena);
void keel__users_init(struct keel__names *names, struct keel__arena *arena);
void keel__sessions_init(struct keel__names *names, struct keel__arena *arena);
void keel__models_init(struct keel__names *names, struct keel__arena *arena);

/* group: keel_null() where the kind has none. text is borrowed. NULL when memory is out. */
struct keel__name *keel__names_add(struct keel__names *names, struct keel_value group,
                                   struct keel_slice text);
/* Finds or makes the rows of all that have no id yet. In a transaction for writing. */
int keel__names_resolve(struct keel__names *names, struct keel_db *db, int64_t now_us,
                        struct keel_error *err);

/* One name alone; *id. */
int keel__project_id(struct keel_db *db, struct keel_slice name, int64_t now_us, int64_t *id,
                     struct keel_error *err);
int keel__session_id(struct keel_db *db, int64_t project_id, struct keel_slice external_id,
                     int64_t now_us, int64_t *id, struct keel_error *err);
int keel__user_id(struct keel_db *db, struct keel_slice external_id, int64_t now_us, int64_t *id,
                  struct keel_error *err);

#endif
