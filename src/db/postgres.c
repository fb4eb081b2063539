#include "db/driver.h"
static int open_connection(struct keel_db *db, struct keel_error *err)
{
    (void)db;
    return keel_error_set(err, KEEL_UNSUPPORTED, "PostgreSQL is not built in yet");
}
const struct keel__driver keel__postgres_driver = {.dialect = KEEL_POSTGRES,
                                                   .open = open_connection};
