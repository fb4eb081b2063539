#include "base/log.h"

#include "base/str.h"
#include "base/utf8.h"

#include <errno.h>
#include <inttypes.h>
#include <unistd.h>

static enum keel__log_level most = KEEL__LOG_INFO;
static int descriptor = STDERR_FILENO;

static const char *const level_names[] = {"error", "warn", "info", "debug"};
static const char *const level_words[] = {"ERROR", "WARN ", "INFO ", "DEBUG"};

struct keel__log_field keel__log_int(const char *name, int64_t value)
{
    return (struct keel__log_field){.name = name, .is_number = true, .number = value};
}

struct keel__log_field keel__log_text(const char *name, struct keel_slice value)
{
    return (struct keel__log_field){.name = name, .text = value};
}

struct keel__log_field keel__log_cstr(const char *name, const char *value)
{
    return keel__log_text(name, keel_slice_of(value));
}

void keel__log_level(enum keel__log_level level)
{
    most = level;
}

bool keel__log_level_parse(const char *name, enum keel__log_level *level)
{
    for (size_t i = 0; i < sizeof level_names / sizeof *level_names; i++) {
        if (strcmp(name, level_names[i]) == 0) {
            *level = (enum keel__log_level)i;
            return true;
        }
    }
    return false;
}

void keel__log_descriptor(int fd)
{
    descriptor = fd;
}

/* Control characters of C0 and C1, DEL, the line and paragraph separators, bidirectional controls.
 */
static bool is_harmful(uint32_t codepoint)
{
    return codepoint < 0x20 || (codepoint >= 0x7F && codepoint < 0xA0) ||
           (codepoint >= 0x2028 && codepoint <= 0x202E) ||
           (codepoint >= 0x2066 && codepoint <= 0x2069);
}

static void write_escaped(struct keel__str *line, struct keel_slice text, bool quoted)
{
    for (size_t i = 0; i < text.size;) {
        uint32_t codepoint;
        size_t skip = 1;
        size_t length = keel__utf8_decode(text.data + i, text.size - i, &codepoint, &skip);
        if (length == 0) {
            for (size_t k = 0; k < skip; k++)
                keel__str_printf(line, "\\x%02x", (unsigned)(unsigned char)text.data[i + k]);
            i += skip;
            continue;
        }
        if (is_harmful(codepoint))
            keel__str_printf(line, codepoint < 0x100 ? "\\x%02x" : "\\u%04x", codepoint);
        else {
            if (quoted && (codepoint == '"' || codepoint == '\\'))
                keel__str_char(line, '\\');
            keel__str_append(line, text.data + i, length);
        }
        i += length;
    }
}

static bool needs_quotes(struct keel_slice text)
{
    for (size_t i = 0; i < text.size; i++)
        if ((unsigned char)text.data[i] <= ' ' || strchr("\"=\\", text.data[i]))
            return true;
    return text.size == 0;
}

static void write_field(struct keel__str *line, const struct keel__log_field *field)
{
    keel__str_printf(line, " %s=", field->name);
    if (field->is_number) {
        keel__str_printf(line, "%" PRId64, field->number);
    } else if (!field->text.data) {
        keel__str_text(line, "null");
    } else if (needs_quotes(field->text)) {
        keel__str_char(line, '"');
        write_escaped(line, field->text, true);
        keel__str_char(line, '"');
    } else {
        write_escaped(line, field->text, false);
    }
}

static void write_all(int fd, struct keel_slice text)
{
    while (text.size > 0) {
        ssize_t written = write(fd, text.data, text.size);
        if (written < 0 && errno == EINTR)
            continue;
        if (written <= 0)
            return; /* nobody is left to tell */
        text.data += written;
        text.size -= (size_t)written;
    }
}

void keel__log_fields(enum keel__log_level level, const char *message,
                      const struct keel__log_field *fields, size_t count)
{
    if (level > most)
        return;
    struct keel__str line;
    char now[28];
    keel__str_init(&line, 65536);
    keel_time_format(keel_time_now_us(), now);
    keel__str_printf(&line, "%s %s ", now, level_words[level]);
    write_escaped(&line, keel_slice_of(message), false);
    for (size_t i = 0; i < count; i++)
        if (fields[i].name)
            write_field(&line, &fields[i]);
    if (line.size == 65536)
        line.size--;
    line.failed = false;
    keel__str_char(&line, '\n');
    write_all(descriptor, keel__str_view(&line));
    keel__str_fini(&line);
}
