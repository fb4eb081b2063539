#include "store/migrations.h"

#include "keel_sql_store.h"

int keel__store_migrations(struct keel_migrations **out, enum keel_dialect dialect,
                           struct keel_error *err)
{
    if (dialect == KEEL_POSTGRES)
        return keel_migrations_embedded(out, keel_migrations_store_postgres,
                                        keel_migrations_store_postgres_count, "store/postgres",
                                        err);
    return keel_migrations_embedded(out, keel_migrations_store_sqlite,
                                    keel_migrations_store_sqlite_count, "store/sqlite", err);
}
