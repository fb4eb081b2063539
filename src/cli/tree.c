#include "cli/tree.h"

#include <stdlib.h>

struct keel__tree {
    const struct keel_event *events;
    bool *last;   /* by event: no sibling follows */
    bool *closed; /* by depth, while printing: the line of this level has ended */
    int depths;
};

static int depth_of(const struct keel_event *event)
{
    return event->depth > 0 ? event->depth : 0;
}

struct keel__tree *keel__tree_new(const struct keel_event *events, size_t count)
{
    struct keel__tree *tree = calloc(1, sizeof *tree);
    if (!tree)
        return NULL;
    tree->events = events;
    for (size_t i = 0; i < count; i++)
        if (depth_of(&events[i]) >= tree->depths)
            tree->depths = depth_of(&events[i]) + 1;
    tree->last = calloc(count + 1, sizeof *tree->last);
    tree->closed = calloc((size_t)tree->depths + 1, sizeof *tree->closed);
    bool *followed = calloc((size_t)tree->depths + 1, sizeof *followed);
    if (!tree->last || !tree->closed || !followed) {
        free(followed);
        keel__tree_free(tree);
        return NULL;
    }
    for (size_t i = count; i-- > 0;) {
        int depth = depth_of(&events[i]);
        tree->last[i] = !followed[depth];
        followed[depth] = true;
        /* what lies deeper is below this event, and says nothing of the sibling above it */
        for (int d = depth + 1; d < tree->depths && followed[d]; d++)
            followed[d] = false;
    }
    free(followed);
    return tree;
}

void keel__tree_free(struct keel__tree *tree)
{
    if (!tree)
        return;
    free(tree->last);
    free(tree->closed);
    free(tree);
}

int keel__tree_branch(struct keel__tree *tree, const struct keel__term *term, size_t index,
                      int max_columns)
{
    int depth = depth_of(&tree->events[index]);
    int first = 1, columns = 0;
    tree->closed[depth] = tree->last[index];
    if (depth == 0)
        return 0;
    keel__term_style(term, KEEL__DIM);
    if (depth * 2 >
        max_columns) { /* too deep to draw: only the innermost levels, and how many are left out */
        first = depth - (max_columns - 6) / 2 + 1;
        if (first > depth)
            first = depth;
        columns += fprintf(term->out, "%4d\xE2\x8B\xAF ", first - 1) - 2;
    }
    for (int d = first; d < depth; d++, columns += 2)
        fputs(tree->closed[d] ? "  " : "\xE2\x94\x82 ", term->out);
    fputs(tree->last[index] ? "\xE2\x94\x94\xE2\x94\x80" : "\xE2\x94\x9C\xE2\x94\x80", term->out);
    keel__term_reset(term);
    return columns + 2;
}

const char *keel__event_title(const struct keel_event *event)
{
    if (event->kind == KEEL_EVENT_MISSING)
        return "(not received)";
    return event->name && *event->name ? event->name : "(no name)";
}

enum keel__style keel__event_style(const struct keel_event *event)
{
    if (event->status == KEEL_STATUS_ERROR || event->severity >= 17)
        return KEEL__RED;
    switch (event->kind) {
    case KEEL_EVENT_MISSING:
    case KEEL_EVENT_EVENT:
    case KEEL_EVENT_LOG:
        return KEEL__DIM;
    case KEEL_EVENT_LLM:
    case KEEL_EVENT_EMBEDDING:
        return KEEL__MAGENTA;
    case KEEL_EVENT_AGENT:
    case KEEL_EVENT_WORKFLOW:
        return KEEL__CYAN;
    case KEEL_EVENT_TOOL:
        return KEEL__YELLOW;
    default:
        return KEEL__PLAIN;
    }
}
