#include "ingest/messages.h"
#include "ingest/parts.h"

#include <yyjson.h>

/* A definition, or the definition that it is the JSON text of. */
static yyjson_val *parsed(struct keel__mapper *mapper, yyjson_val *val)
{
    yyjson_val *inner = yyjson_is_str(val) ? keel__mapper_parse(mapper, keel__val_text(val)) : NULL;
    return inner ? inner : val;
}

/* Takes off what the definition is wrapped in: OpenInference's {"tool":{"json_schema":...}},
 * OpenAI's
 * {"type":"function","function":{...}}. */
static yyjson_val *unwrap(struct keel__mapper *mapper, yyjson_val *val)
{
    val = parsed(mapper, val);
    yyjson_val *tool = keel__member(val, "tool");
    yyjson_val *schema = keel__member(tool, "json_schema");
    if (schema)
        val = parsed(mapper, schema);
    yyjson_val *function = keel__member(val, "function");
    return yyjson_is_obj(function) ? function : val;
}

static void write_tool(struct keel__mapper *mapper, struct keel__json *json, yyjson_val *val)
{
    yyjson_val *tool = unwrap(mapper, val);
    yyjson_val *name = keel__member(tool, "name");
    if (!name) {
        keel__json_val(mapper, json, tool);
        return;
    }
    yyjson_val *description = keel__member(tool, "description");
    yyjson_val *parameters = keel__member(tool, "parameters inputSchema input_schema");
    keel__json_object_begin(json);
    keel__json_key(json, "name");
    keel__json_val(mapper, json, name);
    if (description) {
        keel__json_key(json, "description");
        keel__json_val(mapper, json, description);
    }
    if (parameters) {
        keel__json_key(json, "parameters");
        keel__json_val(mapper, json, parsed(mapper, parameters));
    }
    keel__json_object_end(json);
}

struct keel_slice keel__tools_json(struct keel__mapper *mapper, yyjson_val *definitions)
{
    if (!yyjson_is_arr(definitions) || yyjson_arr_size(definitions) == 0)
        return keel_slice(NULL, 0);
    struct keel__json json = keel__mapper_write(mapper);
    yyjson_arr_iter iter = yyjson_arr_iter_with(definitions);
    keel__json_array_begin(&json);
    for (yyjson_val *item; (item = yyjson_arr_iter_next(&iter));)
        write_tool(mapper, &json, item);
    keel__json_array_end(&json);
    return keel__mapper_written(mapper);
}
