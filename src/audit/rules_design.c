#include "audit/rule.h"

const struct keel__rules keel__rules_design = {NULL, 0};
