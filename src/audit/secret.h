/*
 * audit/secret.h - which columns hold secrets by their names, and how a secret is shown.
 */
#ifndef KEEL_AUDIT_SECRET_H
#define KEEL_AUDIT_SECRET_H

#include "audit/rule.h"

enum keel__secrecy {
    KEEL__NO_SECRET = 0,
    KEEL__TOKEN, /* it may be one: approval_token */
    KEEL__SECRET /* password, credentials, api_key */
};
enum keel__secrecy keel__column_secrecy(const struct keel_column_model *column);

/* "FAKE... (25 bytes)"; NULL when memory is out. */
const char *keel__secret_masked(struct keel__audit *audit, const char *text);

/* Masks the finding's examples that are values of such columns, or look like secrets, or are JSON
 * with secrets in it: whatever the rule is, a report shows none. */
void keel__finding_mask(struct keel__audit *audit, struct keel_finding *finding);

#endif
