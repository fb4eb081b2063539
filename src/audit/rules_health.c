#include "audit/rule.h"

const struct keel__rules keel__rules_health = {NULL, 0};
