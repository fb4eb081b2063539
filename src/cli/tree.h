/*
 * The lines that draw a tree of events, from their order of display and depths.
 */
#ifndef KEEL_CLI_TREE_H
#define KEEL_CLI_TREE_H

#include "cli/term.h"

struct keel__tree;
/* events: of keel_run_timeline, borrowed while the tree lives. NULL when memory is out. */
struct keel__tree *keel__tree_new(const struct keel_event *events, size_t count);
void keel__tree_free(struct keel__tree *tree);
/* Prints the branch in front of event `index`, at most max_columns wide; returns its columns. Call
 * in order from 0. */
int keel__tree_branch(struct keel__tree *tree, const struct keel__term *term, size_t index,
                      int max_columns);

/* What to call an event: its name, "(not received)" for a placeholder. */
const char *keel__event_title(const struct keel_event *event);
enum keel__style keel__event_style(const struct keel_event *event);

#endif
