/*
 * tests/lib/randompostgres.h - what PostgreSQL has beyond SQLite, made and changed by chance:
 * enums, domains, identity and serial columns, functions, triggers, materialized views, partitions,
 * other schemas, exclusion constraints, comments, storage.
 *
 * The schema is one fixed set of tables; each of its features has a few variants, and a change is
 * another variant. The rows fit all of them.
 */
#ifndef TESTS_RANDOMPOSTGRES_H
#define TESTS_RANDOMPOSTGRES_H

#include "base/str.h"

enum { RP_FEATURES = 48 };

struct randompostgres {
    uint64_t state;
    unsigned char variants[RP_FEATURES];
};

void randompostgres_make(struct randompostgres *s, uint64_t seed);
void randompostgres_change(struct randompostgres *s, const struct randompostgres *from,
                           uint64_t seed);
void randompostgres_sql(struct keel__str *out, const struct randompostgres *s);
void randompostgres_rows(struct keel__str *out);
/* SELECT of one text a row: all that has to be the same before and after. */
const char *randompostgres_dump(void);

#endif
