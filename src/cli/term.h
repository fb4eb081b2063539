/*
 * What the terminal can show. Text that came from models or clients is hostile: it goes through
 * keel__term_safe, which escapes control bytes, or through the table.
 */
#ifndef KEEL_CLI_TERM_H
#define KEEL_CLI_TERM_H

#include <stdio.h>

#include "cli/cli.h"

enum keel__style {
    KEEL__PLAIN,
    KEEL__BOLD,
    KEEL__DIM,
    KEEL__RED,
    KEEL__GREEN,
    KEEL__YELLOW,
    KEEL__BLUE,
    KEEL__MAGENTA,
    KEEL__CYAN
};

struct keel__term {
    FILE *out;
    bool color;
    int width; /* columns; 0: unlimited (not a terminal) */
};
void keel__term_init(struct keel__term *term, const struct keel__global *global, FILE *out);
void keel__term_style(const struct keel__term *term, enum keel__style style);
void keel__term_reset(const struct keel__term *term);

/* Writes text with control characters as \n, \t, \xNN, and invalid UTF-8 as U+FFFD. */
void keel__term_safe(FILE *out, struct keel_slice text);
/* Like that, but line ends and tabs stand. */
void keel__term_safe_lines(FILE *out, struct keel_slice text);
/* Terminal columns of text as keel__term_safe shows it. */
int keel__term_columns(struct keel_slice text);
/* The longest start of text that fits into columns (an ellipsis is the caller's). */
struct keel_slice keel__term_fit(struct keel_slice text, int columns);

/* For people: 1.2s, 340ms, 2m05s; 12,345; 1.2k; $0.0123; "-" where unknown. out holds 32 bytes. */
void keel__human_duration(int64_t us, char out[32]);
void keel__human_count(int64_t count, char out[32]);
void keel__human_money(int64_t nusd, char out[32]);
void keel__human_time(int64_t unix_us,
                      char out[32]); /* local time, without year when it is this one */

enum keel__style keel__status_style(const char *status);

/* A progress bar on stderr, redrawn at most ten times a second, only where stderr is a terminal and
 * --quiet was not given. end clears it. One at a time. */
void keel__term_progress(const struct keel__global *global, const char *unit, int64_t done,
                         int64_t total);
void keel__term_progress_end(const struct keel__global *global);

#endif
