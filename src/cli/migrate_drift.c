#include <stdlib.h>
#include <string.h>

#include <keel/drift.h>

#include "cli/migrate.h"
#include "cli/watch.h"

enum { EXIT_NONE = 0, EXIT_DRIFT = 1, EXIT_ERROR = 2 };

static int print(const struct keel__global *global, const struct keel_diff *diff,
                 struct keel_error *err)
{
    char *text = NULL;
    int code = keel_diff_render(&text, diff, global->json ? KEEL_DIFF_JSON : KEEL_DIFF_TEXT, err);
    if (!code)
        fputs(text, stdout);
    free(text);
    return code;
}

static int look(struct keel__migration_target *target, struct keel__watch *watch, bool *drift,
                struct keel_error *err)
{
    struct keel_drift found;
    const char *url = keel_db_default_url(target->global->db);
    const struct keel_source_options how = {.scratch_url = target->own->scratch,
                                            .stopped = keel__watch_stopped,
                                            .using_db = keel__watch_use,
                                            .context = watch};
    int code =
        keel_migrate_drift(&found, url, target->set, target->module, !target->own->dir, &how, err);
    if (code)
        return code;
    if (!found.has_history)
        keel__note(target->global, "the database has no history of these migrations: it is "
                                   "compared with all of them");
    else if (found.pending)
        keel__note(target->global, "%zu pending migration%s left out", found.pending,
                   found.pending == 1 ? " is" : "s are");
    *drift = found.diff->count > 0;
    if (*drift || target->global->json)
        code = print(target->global, found.diff, err);
    else
        keel__note(target->global, "the database is as its migrations make it");
    keel_drift_free(&found);
    return code;
}

int keel__migrate_drift(struct keel__migration_target *target)
{
    struct keel_error err = {0};
    struct keel__watch watch;
    bool drift = false;
    int code = 0;
    if (!keel__watch_begin(&watch)) {
        code = keel_error_set(&err, KEEL_IO, "cannot start a thread");
    } else {
        code = look(target, &watch, &drift, &err);
        keel__watch_end(&watch);
    }
    if (code) {
        keel__fail(&err);
        return EXIT_ERROR;
    }
    return drift ? EXIT_DRIFT : EXIT_NONE;
}
