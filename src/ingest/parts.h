/*
 * ingest/parts.h - the parts of a message, in the spelling of any dialect.
 */
#ifndef INGEST_PARTS_H
#define INGEST_PARTS_H

#include "ingest/mapper.h"

enum keel__part_kind {
    KEEL__PART_TEXT,
    KEEL__PART_CALL,   /* the model calls a tool */
    KEEL__PART_RESULT, /* what the tool gave back */
    KEEL__PART_OTHER   /* reasoning, images, files, and what is not known */
};

struct keel__part {
    enum keel__part_kind kind;
    struct yyjson_val *raw;
    struct keel_slice text;       /* of TEXT */
    struct yyjson_val *id, *name; /* of CALL and RESULT; NULL: not said */
    struct yyjson_val *value;     /* arguments of a CALL, content of a RESULT; NULL: not said */
};

/* An element of a message's content. */
struct keel__part keel__part_of(struct yyjson_val *val);
/* An element of a message's list of tool calls. */
struct keel__part keel__call_of(struct yyjson_val *val);

/* TEXT: {"type":"text","text":...}; reasoning: {"type":"reasoning","text":...}; what has a URL or
 * base64 data:
 * {"type":"image","url":...} (or "audio", "video", "file"; data become a data: URL); anything else
 * as it is. */
void keel__part_write(struct keel__mapper *mapper, struct keel__json *json,
                      const struct keel__part *part);
/* {"id","name","arguments"}: arguments as an object where they are one or are the text of one, else
 * as text. */
void keel__call_write(struct keel__mapper *mapper, struct keel__json *json,
                      const struct keel__part *part);
/* What a tool gave back, as text: JSON objects and arrays, and texts of such, in canonical form.
 * Uses the scratch. */
struct keel_slice keel__result_text(struct keel__mapper *mapper, struct yyjson_val *val);

/* The first member of object that is there and not null; names are separated by blanks. */
struct yyjson_val *keel__member(struct yyjson_val *object, const char *names);
/* The same, as text; absent if it is no string. */
struct keel_slice keel__member_text(struct yyjson_val *object, const char *names);
struct keel_slice keel__val_text(struct yyjson_val *val); /* absent if it is no string */

#endif
