#include "audit/rule.h"

const struct keel__rules keel__rules_words = {NULL, 0};
