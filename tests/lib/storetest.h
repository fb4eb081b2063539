/*
 * tests/lib/storetest.h - records to write, and what a store then holds, as text to compare.
 */
#ifndef TESTS_STORETEST_H
#define TESTS_STORETEST_H

#include "testdb.h"

#include <keel/store.h>

/* Opens a store on the test's database; fails the test when it cannot. */
struct keel_store *storetest_open(struct testdb *t);

/* A span of trace number `trace` with 16-digit key `id`; parent 0: a root. Starts at `start_us`
 * (since storetest_epoch_us) and takes 1,000 microseconds. */
struct keel_record storetest_span(unsigned trace, unsigned id, unsigned parent, const char *name);
#define storetest_epoch_us INT64_C(1767225600000000) /* 2026-01-01 */
/* The key of a span; one of a few static buffers per id, valid for the test. */
struct keel_slice storetest_key(unsigned id);
/* Unsaid in all fields. */
struct keel_llm_record storetest_llm(void);
#define storetest_text(text) keel_slice_of(text)

/* Writes and fails the test on an error. */
struct keel_write_result storetest_write(struct keel_store *store,
                                         const struct keel_record *records, size_t count);

/* All that the store holds of runs, events and calls, without what depends on the order of arrival
 * (run ids, sequence numbers, times of writing): sorted lines. To be freed. */
char *storetest_dump(struct testdb *t);

#endif
