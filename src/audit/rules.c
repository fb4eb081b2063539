#include "audit/rules.h"

const struct keel__rules *const keel__rule_families[] = {&keel__rules_keys,
                                                         &keel__rules_references,
                                                         &keel__rules_indexes,
                                                         &keel__rules_types,
                                                         &keel__rules_json,
                                                         &keel__rules_times,
                                                         &keel__rules_words,
                                                         &keel__rules_constraints,
                                                         &keel__rules_consistency,
                                                         &keel__rules_design,
                                                         &keel__rules_health,
                                                         &keel__rules_scan,
                                                         NULL};
