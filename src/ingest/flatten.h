/*
 * ingest/flatten.h - attributes whose keys are paths ("llm.tools.0.tool.name"), as the JSON they
 * were flattened from.
 */
#ifndef INGEST_FLATTEN_H
#define INGEST_FLATTEN_H

#include "ingest/attributes.h"

/* The value at prefix: members whose names are all numbers become the elements of an array, in the
 * order of the numbers, without the holes (so that "x.4000000000" costs one element); any others an
 * object. Paths deeper than 16 keep the rest as one name. A value at a path that also has paths
 * below it is left out and not marked as taken; all else is. Absent when attributes is empty; they
 * must all begin with prefix. */
struct keel_slice keel__unflatten(struct keel__mapper *mapper, struct keel__attributes attributes,
                                  const char *prefix);

#endif
