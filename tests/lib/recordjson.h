/* Records as JSON for people, to be compared with golden files. */
#ifndef TESTS_RECORDJSON_H
#define TESTS_RECORDJSON_H

#include "base/str.h"

#include <keel/record.h>

/* Appends an indented array of what each record says; absent fields are left out. */
void records_write(struct keel__str *out, const struct keel_record *records, size_t count);

#endif
