/*
 * db/url.h - what a database is called.
 */
#ifndef DB_URL_H
#define DB_URL_H

#include <keel/db.h>

struct keel__url {
    enum keel_dialect dialect;
    char *target;  /* SQLite: a path or ":memory:"; PostgreSQL: a libpq URI or conninfo */
    char *display; /* for people and logs: no password in it */
};

/* INVALID, with what is wrong with it, for what is no database's URL. */
int keel__url_parse(struct keel__url *out, const char *text, struct keel_error *err);
void keel__url_fini(struct keel__url *url);
/* The conninfo of another database on the server of a PostgreSQL url; *out is freed with free(). */
int keel__url_on_database(char **out, const char *url, const char *database,
                          struct keel_error *err);
bool keel__url_is_memory(const struct keel__url *url);

#endif
