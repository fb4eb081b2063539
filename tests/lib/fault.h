/*
 * tests/lib/fault.h - allocations that fail on purpose, by count.
 *
 * Works in executables linked with fault_link_args (tests/unit/meson.build), for every allocation
 * of keel and of what is linked into it statically, SQLite included. Process-wide; for tests with
 * one thread.
 */
#ifndef TESTS_FAULT_H
#define TESTS_FAULT_H

#include <stdbool.h>

/* The n-th allocation from now on fails (1: the next one), and only that one; 0: none. */
void fault_at(long n);
/* Has it failed yet? */
bool fault_happened(void);

#endif
