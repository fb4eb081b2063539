#include "cli/cli.h"

int keel__store_open(const struct keel__global *global, enum keel__open how,
                     struct keel_store **store)
{
    struct keel_error err = {0};
    struct keel_store_options options = {0};
    options.read_only = how == KEEL__READ;
    options.no_migrate = how == KEEL__READ;
    options.pool.db.must_exist = how == KEEL__READ;
    const char *url = keel_db_default_url(global->db);
    int code = keel_store_open(store, url, &options, &err);
    if (!code)
        return KEEL__EXIT_OK;
    if (code == KEEL_NOTFOUND && !global->db)
        keel_error_context(&err, "no --db was given, so %s was tried", url);
    return keel__fail(&err);
}

int keel__run_named(struct keel_store *store, const char *text, struct keel_uuid *id)
{
    struct keel_error err = {0};
    return keel_run_resolve(store, text, id, &err) ? keel__fail(&err) : KEEL__EXIT_OK;
}
