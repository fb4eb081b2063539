#include "cli/audit_fix.h"

#include <keel/migrate.h>

#include <stdlib.h>

static void say(const struct keel__global *global, const struct keel_migration_created *files,
                size_t repairs, struct keel_db *db, const char *dir)
{
    keel__note(global, "wrote %s: repairs %zu finding%s", files->up, repairs,
               repairs == 1 ? "" : "s");
    if (files->down[0])
        keel__note(global, "wrote %s: undoes them", files->down);
    keel__note(global, "read it, then: keel migrate up --dir %s --db %s", dir,
               keel_db_display_url(db));
}

int keel__audit_fix_write(const struct keel__global *global, const struct keel_audit *audit,
                          struct keel_db *db, const char *dir, struct keel_error *err)
{
    struct keel_migration_created files;
    char *up = NULL, *down = NULL;
    size_t repairs = 0;
    int rc = keel_audit_fix(&up, &down, &repairs, audit, db, err);
    if (rc == 0 && repairs == 0) {
        keel__note(global, "nothing can be repaired without a decision: no migration was written");
    } else if (rc == 0) {
        rc = keel_migration_write(&files, dir, "audit_fixes", KEEL_LAYOUT_AUTO, false, up, down,
                                  err);
        if (rc == 0)
            say(global, &files, repairs, db, dir);
    }
    free(up);
    free(down);
    return rc;
}
