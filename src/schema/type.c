#include "schema/model.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

enum { WORDS_SIZE = 128 };

/* A declared type taken apart: "VARCHAR ( 36 )" -> "varchar", 1 number: 36. */
struct parts {
    char words[WORDS_SIZE]; /* lower case, one blank between words, what stands in () left out */
    int numbers[2];
    int number_count;
    int dimensions;
};

static void take_numbers(struct parts *parts, const char *text, const char *end)
{
    while (text < end && parts->number_count < 2) {
        char *behind;
        long number = strtol(text, &behind, 10);
        if (behind == text || behind > end)
            return;
        parts->numbers[parts->number_count++] = number > 0 && number < 1 << 30 ? (int)number : 0;
        for (text = behind; text < end && (*text == ',' || isspace((unsigned char)*text));)
            text++;
    }
}

static void add_char(struct parts *parts, size_t *size, char c)
{
    bool blank = isspace((unsigned char)c);
    if (blank && (*size == 0 || parts->words[*size - 1] == ' '))
        return;
    if (*size + 1 < WORDS_SIZE)
        parts->words[(*size)++] = blank ? ' ' : (char)tolower((unsigned char)c);
}

/* text is NUL-terminated by its owner or not: a copy that is, bounded, is taken apart. */
static void take_apart(struct keel_slice declared, struct parts *parts)
{
    char text[512];
    size_t n = declared.size < sizeof text ? declared.size : sizeof text - 1, size = 0;
    *parts = (struct parts){.number_count = 0};
    if (n)
        memcpy(text, declared.data, n);
    text[n] = '\0';
    for (const char *at = text; *at; at++) {
        const char *close = *at == '(' ? strchr(at, ')') : *at == '[' ? strchr(at, ']') : NULL;
        if (!close) {
            add_char(parts, &size, *at);
            continue;
        }
        if (*at == '[')
            parts->dimensions++;
        else
            take_numbers(parts, at + 1, close);
        add_char(parts, &size, ' ');
        at = close;
    }
    if (size && parts->words[size - 1] == ' ')
        size--;
    parts->words[size] = '\0';
}

static const struct known {
    const char *words;
    enum keel_logical_kind kind;
    int bits;
    bool with_zone, padded, binary;
} knowns[] = {
    {"bool", KEEL_LOGICAL_BOOLEAN, 0, false, false, false},
    {"boolean", KEEL_LOGICAL_BOOLEAN, 0, false, false, false},
    {"smallint", KEEL_LOGICAL_INTEGER, 16, false, false, false},
    {"int2", KEEL_LOGICAL_INTEGER, 16, false, false, false},
    {"tinyint", KEEL_LOGICAL_INTEGER, 16, false, false, false},
    {"smallserial", KEEL_LOGICAL_INTEGER, 16, false, false, false},
    {"integer", KEEL_LOGICAL_INTEGER, 32, false, false, false},
    {"int", KEEL_LOGICAL_INTEGER, 32, false, false, false},
    {"int4", KEEL_LOGICAL_INTEGER, 32, false, false, false},
    {"mediumint", KEEL_LOGICAL_INTEGER, 32, false, false, false},
    {"serial", KEEL_LOGICAL_INTEGER, 32, false, false, false},
    {"bigint", KEEL_LOGICAL_INTEGER, 64, false, false, false},
    {"int8", KEEL_LOGICAL_INTEGER, 64, false, false, false},
    {"bigserial", KEEL_LOGICAL_INTEGER, 64, false, false, false},
    {"unsigned big int", KEEL_LOGICAL_INTEGER, 64, false, false, false},
    {"long", KEEL_LOGICAL_INTEGER, 64, false, false, false},
    {"real", KEEL_LOGICAL_REAL, 32, false, false, false},
    {"float4", KEEL_LOGICAL_REAL, 32, false, false, false},
    {"float8", KEEL_LOGICAL_REAL, 64, false, false, false},
    {"float", KEEL_LOGICAL_REAL, 64, false, false, false},
    {"double", KEEL_LOGICAL_REAL, 64, false, false, false},
    {"double precision", KEEL_LOGICAL_REAL, 64, false, false, false},
    {"numeric", KEEL_LOGICAL_DECIMAL, 0, false, false, false},
    {"decimal", KEEL_LOGICAL_DECIMAL, 0, false, false, false},
    {"text", KEEL_LOGICAL_TEXT, 0, false, false, false},
    {"clob", KEEL_LOGICAL_TEXT, 0, false, false, false},
    {"string", KEEL_LOGICAL_TEXT, 0, false, false, false},
    {"varchar", KEEL_LOGICAL_TEXT, 0, false, false, false},
    {"nvarchar", KEEL_LOGICAL_TEXT, 0, false, false, false},
    {"character varying", KEEL_LOGICAL_TEXT, 0, false, false, false},
    {"varying character", KEEL_LOGICAL_TEXT, 0, false, false, false},
    {"char", KEEL_LOGICAL_TEXT, 0, false, true, false},
    {"nchar", KEEL_LOGICAL_TEXT, 0, false, true, false},
    {"character", KEEL_LOGICAL_TEXT, 0, false, true, false},
    {"bpchar", KEEL_LOGICAL_TEXT, 0, false, true, false},
    {"native character", KEEL_LOGICAL_TEXT, 0, false, true, false},
    {"blob", KEEL_LOGICAL_BYTES, 0, false, false, false},
    {"bytea", KEEL_LOGICAL_BYTES, 0, false, false, false},
    {"binary", KEEL_LOGICAL_BYTES, 0, false, false, false},
    {"varbinary", KEEL_LOGICAL_BYTES, 0, false, false, false},
    {"bit", KEEL_LOGICAL_BITS, 0, false, true, false},
    {"bit varying", KEEL_LOGICAL_BITS, 0, false, false, false},
    {"date", KEEL_LOGICAL_DATE, 0, false, false, false},
    {"time", KEEL_LOGICAL_TIME, 0, false, false, false},
    {"time without time zone", KEEL_LOGICAL_TIME, 0, false, false, false},
    {"time with time zone", KEEL_LOGICAL_TIME, 0, true, false, false},
    {"timetz", KEEL_LOGICAL_TIME, 0, true, false, false},
    {"datetime", KEEL_LOGICAL_TIMESTAMP, 0, false, false, false},
    {"timestamp", KEEL_LOGICAL_TIMESTAMP, 0, false, false, false},
    {"timestamp without time zone", KEEL_LOGICAL_TIMESTAMP, 0, false, false, false},
    {"timestamp with time zone", KEEL_LOGICAL_TIMESTAMP, 0, true, false, false},
    {"timestamptz", KEEL_LOGICAL_TIMESTAMP, 0, true, false, false},
    {"interval", KEEL_LOGICAL_INTERVAL, 0, false, false, false},
    {"uuid", KEEL_LOGICAL_UUID, 0, false, false, false},
    {"guid", KEEL_LOGICAL_UUID, 0, false, false, false},
    {"uniqueidentifier", KEEL_LOGICAL_UUID, 0, false, false, false},
    {"json", KEEL_LOGICAL_JSON, 0, false, false, false},
    {"jsonb", KEEL_LOGICAL_JSON, 0, false, false, true},
    {"money", KEEL_LOGICAL_MONEY, 0, false, false, false},
    {"any", KEEL_LOGICAL_OTHER, 0, false, false, false},
};

static void take_size(struct keel_logical_type *type, const struct parts *parts,
                      enum keel_dialect dialect)
{
    if (type->kind == KEEL_LOGICAL_DECIMAL) {
        type->precision = parts->numbers[0];
        type->scale = parts->numbers[1];
    } else if (type->kind == KEEL_LOGICAL_TEXT || type->kind == KEEL_LOGICAL_BITS) {
        type->length = parts->numbers[0];
    } else if (type->kind == KEEL_LOGICAL_TIME || type->kind == KEEL_LOGICAL_TIMESTAMP) {
        type->precision = parts->numbers[0];
    } else if (dialect == KEEL_SQLITE &&
               (type->kind == KEEL_LOGICAL_INTEGER || type->kind == KEEL_LOGICAL_REAL)) {
        type->bits = 64; /* whatever it is called */
    }
}

void keel_logical_type_of(enum keel_dialect dialect, struct keel_slice declared,
                          struct keel_logical_type *out)
{
    struct parts parts;
    take_apart(declared, &parts);
    *out = (struct keel_logical_type){.kind = KEEL_LOGICAL_UNKNOWN};
    out->dimensions = dialect == KEEL_POSTGRES ? parts.dimensions : 0;
    for (size_t i = 0; i < sizeof knowns / sizeof *knowns; i++) {
        const struct known *known = &knowns[i];
        if (strcmp(known->words, parts.words) != 0)
            continue;
        out->kind = known->kind;
        out->bits = known->bits;
        out->with_zone = known->with_zone;
        out->padded = known->padded;
        out->binary = known->binary;
        if (known->kind == KEEL_LOGICAL_OTHER)
            out->name = known->words;
        take_size(out, &parts, dialect);
        return;
    }
}

enum keel_affinity keel__affinity_of(struct keel_slice declared)
{
    /* In the order of https://www.sqlite.org/datatype3.html#determination_of_column_affinity */
    static const struct {
        const char *part;
        enum keel_affinity affinity;
    } rules[] = {{"int", KEEL_AFFINITY_INTEGER}, {"char", KEEL_AFFINITY_TEXT},
                 {"clob", KEEL_AFFINITY_TEXT},   {"text", KEEL_AFFINITY_TEXT},
                 {"blob", KEEL_AFFINITY_BLOB},   {"real", KEEL_AFFINITY_REAL},
                 {"floa", KEEL_AFFINITY_REAL},   {"doub", KEEL_AFFINITY_REAL}};
    if (declared.size == 0)
        return KEEL_AFFINITY_BLOB;
    for (size_t i = 0; i < sizeof rules / sizeof *rules; i++) {
        size_t n = strlen(rules[i].part);
        for (size_t at = 0; at + n <= declared.size; at++) {
            size_t same = 0;
            while (same < n &&
                   tolower((unsigned char)declared.data[at + same]) == rules[i].part[same])
                same++;
            if (same == n)
                return rules[i].affinity;
        }
    }
    return KEEL_AFFINITY_NUMERIC;
}
