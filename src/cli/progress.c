#include <unistd.h>

#include "cli/term.h"

enum { BAR = 30, REDRAW_US = 100000 };

static int64_t drawn_at;

static bool shown(const struct keel__global *global)
{
    return !global->quiet && isatty(STDERR_FILENO);
}

void keel__term_progress(const struct keel__global *global, const char *unit, int64_t done,
                         int64_t total)
{
    int64_t now = keel_time_now_us();
    char bar[BAR + 1], done_text[32], total_text[32];
    if (!shown(global) || now - drawn_at < REDRAW_US || total <= 0)
        return;
    drawn_at = now;
    int full = (int)(done * BAR / total);
    for (int i = 0; i < BAR; i++)
        bar[i] = i < full ? '#' : '.';
    bar[BAR] = '\0';
    keel__human_count(done, done_text);
    keel__human_count(total, total_text);
    fprintf(stderr, "\r[%s] %3d%%  %s of %s %s\033[K", bar, (int)(done * 100 / total), done_text,
            total_text, unit);
    fflush(stderr);
}

void keel__term_progress_end(const struct keel__global *global)
{
    if (shown(global) && drawn_at)
        fputs("\r\033[K", stderr);
    drawn_at = 0;
}
