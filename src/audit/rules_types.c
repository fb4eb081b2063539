#include "audit/rule.h"

const struct keel__rules keel__rules_types = {NULL, 0};
