/*
 * migrate/scratch.h - an empty database to try things in, thrown away afterwards.
 */
#ifndef KEEL_MIGRATE_SCRATCH_H
#define KEEL_MIGRATE_SCRATCH_H

#include <keel/db.h>

struct keel__scratch {
    struct keel_db *db;     /* to work in */
    struct keel_db *server; /* PostgreSQL: the connection that makes and drops it */
    char name[64];          /* PostgreSQL: of the database, "" when there is none */
};

/* server_url is needed for PostgreSQL only. After an error there is nothing to close. */
int keel__scratch_open(struct keel__scratch *scratch, enum keel_dialect dialect,
                       const char *server_url, struct keel_error *err);
/* rc is how the work in it ended; the same is returned, or, after success, that the database could
 * not be dropped. */
int keel__scratch_close(struct keel__scratch *scratch, int rc, struct keel_error *err);

/* INVALID for a statement that reaches beyond the database it runs in: roles, other databases and
 * files, settings of the server. */
int keel__scratch_admits(struct keel_slice sql, enum keel_dialect dialect, struct keel_error *err);

#endif
