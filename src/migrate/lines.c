#include "migrate/set.h"

#include <stdarg.h>
#include <stdio.h>
#include <strings.h>

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\f' || c == '\v';
}

static struct keel_slice trim(struct keel_slice text)
{
    while (text.size > 0 && is_blank(text.data[0]))
        text = keel_slice(text.data + 1, text.size - 1);
    while (text.size > 0 && is_blank(text.data[text.size - 1]))
        text.size--;
    return text;
}

bool keel__next_line(struct keel_slice *rest, struct keel_slice *line)
{
    if (rest->size == 0)
        return false;
    const char *newline = memchr(rest->data, '\n', rest->size);
    size_t size = newline ? (size_t)(newline - rest->data) : rest->size;
    size_t taken = newline ? size + 1 : size;
    *line = keel_slice(rest->data, size);
    *rest = keel_slice(rest->data + taken, rest->size - taken);
    return true;
}

bool keel__is_comment_line(struct keel_slice line)
{
    line = trim(line);
    return line.size == 0 || (line.size >= 2 && line.data[0] == '-' && line.data[1] == '-');
}

struct keel_slice keel__comment_of(struct keel_slice line)
{
    if (line.size < 2 || line.data[0] != '-' || line.data[1] != '-')
        return keel_slice(NULL, 0);
    return trim(keel_slice(line.data + 2, line.size - 2));
}

struct keel_slice keel__next_word(struct keel_slice *rest)
{
    *rest = trim(*rest);
    size_t n = 0;
    while (n < rest->size && !is_blank(rest->data[n]))
        n++;
    if (n == 0)
        return keel_slice(NULL, 0);
    struct keel_slice word = keel_slice(rest->data, n);
    *rest = keel_slice(rest->data + n, rest->size - n);
    return word;
}

bool keel__word_is(struct keel_slice text, const char *word)
{
    return text.data && text.size == strlen(word) && memcmp(text.data, word, text.size) == 0;
}

bool keel__word_is_any_case(struct keel_slice text, const char *word)
{
    return text.data && text.size == strlen(word) && strncasecmp(text.data, word, text.size) == 0;
}

int keel__file_error(struct keel_error *err, const char *file, size_t line, const char *format, ...)
{
    char message[512];
    va_list args;
    va_start(args, format);
    vsnprintf(message, sizeof message, format, args);
    va_end(args);
    if (line == 0)
        return keel_error_set(err, KEEL_INVALID, "%s: %s", file, message);
    return keel_error_set(err, KEEL_INVALID, "%s:%zu: %s", file, line, message);
}
