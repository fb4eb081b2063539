/*
 * audit/rules.h - all rules, family by family, in the order of docs/rules.md.
 */
#ifndef KEEL_AUDIT_RULES_H
#define KEEL_AUDIT_RULES_H

#include "audit/rule.h"

extern const struct keel__rules *const keel__rule_families[]; /* ended by NULL */

#endif
