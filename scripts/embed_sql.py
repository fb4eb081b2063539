#!/usr/bin/env python3
"""Turns named statements, migrations and data files into C tables.

    embed_sql.py sql  MODULE SQL_DIR OUT.c OUT.h [--depfile FILE]
    embed_sql.py data MODULE OUT.c OUT.h [--depfile FILE] NAME=PATH...

A statement file, SQL_DIR/MODULE/*.sql, holds statements of this form:

    -- name: run_get
    -- One run by its id.
    -- params: id uuid
    -- returns: id uuid, project text, started_at time
    SELECT ... WHERE id = $1;

    -- name: event_insert
    -- params: run_id uuid, sequence int
    -- sqlite:
    INSERT ... VALUES ($1, $2);
    -- postgres:
    INSERT ... SELECT * FROM unnest($1::uuid[], $2::int8[]);

Each becomes `const struct keel_query keel_q_<name>`; all of a module stand in `keel_sql_<module>[]`.
A text without dialect lines serves both; a dialect that is not given has no statement (NULL).
`-- params:` and `-- returns:` may be repeated to go on, or say none.
SQL_DIR/MODULE/migrations/{sqlite,postgres}/*.sql become `keel_migrations_<module>_<dialect>[]`,
in the order of their names. Data files become `keel_data_<name>`.
"""

import argparse
import re
import sys
from dataclasses import dataclass, field
from pathlib import Path

TYPES = ("bool", "int", "double", "text", "bytes", "uuid", "time", "money", "json")
DIALECTS = ("sqlite", "postgres")
IDENTIFIER = re.compile(r"[a-z][a-z0-9_]*")
NAME_LINE = re.compile(r"--\s*name:\s*(.*)")
DIRECTIVE = re.compile(r"--\s*(params|returns|sqlite|postgres):\s*(.*)")
# What may hold a "$1" or a ";" that means nothing: strings, quoted names, comments, dollar quotes.
TOKEN = re.compile(
    r"""(?P<skip>'(?:[^']|'')*' | "(?:[^"]|"")*" | --[^\n]* | /\*.*?\*/
        | \$(?P<tag>[A-Za-z_]\w*)?\$.*?\$(?P=tag)\$ | \$\$.*?\$\$)
      | \$(?P<param>\d+) | (?P<end>;)""",
    re.VERBOSE | re.DOTALL,
)


class EmbedError(Exception):
    def __init__(self, path, line, message):
        super().__init__(f"{path}:{line}: {message}")


@dataclass
class Query:
    name: str
    path: Path
    line: int
    about: list = field(default_factory=list)
    params: list = field(default_factory=list)
    returns: list = field(default_factory=list)
    texts: dict = field(default_factory=dict)

    def fail(self, message, line=None):
        raise EmbedError(self.path, line or self.line, f"{self.name}: {message}")


def parse_columns(query, kind, text, line):
    """Adds "id uuid, project text" to query.params or query.returns."""
    columns = getattr(query, kind)
    if text.strip() == "none":
        return
    for part in text.strip().removesuffix(",").split(","):
        words = part.split()
        if len(words) != 2:
            query.fail(f"{kind} wants 'name type, name type' or none, not '{part.strip()}'", line)
        name, type_ = words
        if not IDENTIFIER.fullmatch(name):
            query.fail(f"'{name}' in {kind} is no name", line)
        if type_ not in TYPES:
            query.fail(f"unknown type '{type_}' of {name}; known are {', '.join(TYPES)}", line)
        if any(name == column for column, _ in columns):
            query.fail(f"'{name}' stands twice in {kind}", line)
        columns.append((name, type_))


def parse_file(path):
    """The statements of one file, in order."""
    queries, query, dialect, texts = [], None, None, {}

    def finish():
        if query is None:
            return
        query.texts = {k: "\n".join(v).strip() for k, v in texts.items()}
        if query.texts.get(None) and len(query.texts) > 1:
            query.fail("has SQL before its first '-- sqlite:' or '-- postgres:' line")
        if not any(query.texts.values()):
            query.fail("has no SQL")
        queries.append(query)

    for number, line in enumerate(path.read_text(encoding="utf-8").split("\n"), 1):
        stripped = line.strip()
        if match := NAME_LINE.fullmatch(stripped):
            finish()
            name = match[1].strip()
            if not IDENTIFIER.fullmatch(name):
                raise EmbedError(path, number, f"'{name}' is no name for a statement")
            query, dialect, texts = Query(name, path, number), None, {}
        elif query is None:
            if stripped and not stripped.startswith("--"):
                raise EmbedError(path, number, "SQL before the first '-- name:' line")
        elif match := DIRECTIVE.fullmatch(stripped):
            kind, rest = match[1], match[2].strip()
            if kind in DIALECTS:
                if rest:
                    query.fail(f"text after '-- {kind}:'", number)
                if kind in texts:
                    query.fail(f"'-- {kind}:' stands twice", number)
                dialect = kind
                texts[dialect] = []
            elif texts:
                query.fail(f"'-- {kind}:' stands after the SQL", number)
            else:
                parse_columns(query, kind, rest, number)
        elif not texts and stripped.startswith("--"):
            query.about.append(stripped[2:].strip())
        elif stripped or texts:
            texts.setdefault(dialect, []).append(line.rstrip())
    finish()
    return queries


def check_text(query, text):
    """Holds that text is one statement that uses $1..$n, n as declared. Returns it without its end."""
    used, end = set(), None
    for match in TOKEN.finditer(text):
        if match["skip"] is not None:
            continue
        if end is not None:
            query.fail("holds more than one statement")
        if match["param"] is not None:
            used.add(int(match["param"]))
        else:
            end = match.start()
    if end is not None:
        rest = TOKEN.sub(lambda m: "" if m["skip"] and m["skip"][:1] in "-/" else m[0], text[end + 1 :])
        if rest.strip():
            query.fail("holds more than one statement")
        text = text[:end].rstrip()
    if not text:
        query.fail("has no SQL")
    count = max(used, default=0)
    missing = sorted(set(range(1, count + 1)) - used)
    if 0 in used or missing:
        query.fail(f"uses ${count} but not ${missing[0]}" if missing else "parameters start at $1")
    if count != len(query.params):
        query.fail(f"uses {count} parameters, but declares {len(query.params)}")
    return text


def c_string(data, indent="    "):
    """A C literal of data (bytes), one line of it a line."""
    lines = data.split(b"\n")
    lines = [line + b"\n" for line in lines[:-1]] + ([lines[-1]] if lines[-1] else [])
    return ("\n" + indent).join(f'"{"".join(map(c_byte, line))}"' for line in lines) or '""'


def c_byte(byte):
    if byte == 10:
        return "\\n"
    char = chr(byte)
    if char in '"\\?':  # "?" because of trigraphs
        return "\\" + char
    return char if 32 <= byte < 127 else f"\\{byte:03o}"


def types_of(columns):
    if not columns:
        return "NULL"
    return "(const enum keel_type[]){" + ", ".join(f"KEEL_{t.upper()}" for _, t in columns) + "}"


def query_c(query, texts):
    def text_of(dialect):
        text = texts.get(dialect, texts.get(None))
        return c_string(text.encode(), "              ") if text else "NULL"

    return f"""const struct keel_query keel_q_{query.name} = {{
    .name = "{query.name}",
    .sqlite = {text_of("sqlite")},
    .postgres = {text_of("postgres")},
    .params = {types_of(query.params)},
    .param_count = {len(query.params)},
    .returns = {types_of(query.returns)},
    .return_count = {len(query.returns)},
}};
"""


def query_h(query):
    about = list(query.about)
    for kind in ("params", "returns"):
        columns = getattr(query, kind)
        if columns:
            about.append(f"{kind}: " + ", ".join(f"{n} {t}" for n, t in columns))
    comment = "\n * ".join(about).replace("*/", "* /")
    return (f"/* {comment} */\n" if about else "") + f"extern const struct keel_query keel_q_{query.name};\n"


def files_c(symbol, files):
    rows = "".join(
        f'    {{.name = "{name}", .data = {c_string(data, " " * 8)}, .size = {len(data)}}},\n'
        for name, data in files
    )
    return (
        f"const struct keel_embedded_file {symbol}[] = {{\n{rows}}};\n"
        f"const size_t {symbol}_count = {len(files)};\n"
    )


def files_h(symbol):
    return f"extern const struct keel_embedded_file {symbol}[];\nextern const size_t {symbol}_count;\n"


def load_queries(module_dir):
    queries, seen = [], {}
    for path in sorted(module_dir.glob("*.sql")):
        queries += parse_file(path)
    for query in queries:
        if query.name in seen:
            first = seen[query.name]
            query.fail(f"stands twice; first in {first.path}:{first.line}")
        seen[query.name] = query
    others = [p for p in sorted(module_dir.parent.glob("*/*.sql")) if p.parent != module_dir]
    for path in others:
        for number, line in enumerate(path.read_text(encoding="utf-8").split("\n"), 1):
            match = NAME_LINE.fullmatch(line.strip())
            if match and match[1].strip() in seen:
                seen[match[1].strip()].fail(f"stands twice; also in {path}:{number}")
    return queries, others


def embed_sql(module, sql_dir):
    """(C text, header text, files read)"""
    module_dir = sql_dir / module
    queries, others = load_queries(module_dir)
    c = [query_c(q, {d: check_text(q, t) for d, t in q.texts.items() if t}) for q in queries]
    h = [query_h(q) for q in queries]
    if queries:
        symbol = f"keel_sql_{module}"
        names = "".join(f"    &keel_q_{q.name},\n" for q in queries)
        c.append(f"const struct keel_query *const {symbol}[] = {{\n{names}}};\n")
        c.append(f"const size_t {symbol}_count = {len(queries)};\n")
        h.append(f"/* All statements above. */\nextern const struct keel_query *const {symbol}[];\n")
        h.append(f"extern const size_t {symbol}_count;\n")
    read = [sql_dir, module_dir, *sorted(module_dir.glob("*.sql")), *others]
    for dialect in DIALECTS:
        folder = module_dir / "migrations" / dialect
        paths = sorted(folder.glob("*.sql"))
        if paths:
            symbol = f"keel_migrations_{module}_{dialect}"
            c.append(files_c(symbol, [(p.name, p.read_bytes()) for p in paths]))
            h.append(files_h(symbol))
            read += [folder.parent, folder, *paths]
    return c, h, read


def embed_data(pairs):
    c, h, read = [], [], []
    for pair in pairs:
        name, _, path = pair.partition("=")
        if not IDENTIFIER.fullmatch(name) or not path:
            raise SystemExit(f"embed_sql.py: want NAME=PATH, not '{pair}'")
        path = Path(path)
        data = path.read_bytes()
        c.append(
            f"const struct keel_embedded_file keel_data_{name} = {{\n"
            f'    .name = "{path.name}",\n    .data = {c_string(data)},\n    .size = {len(data)},\n}};\n'
        )
        h.append(f"extern const struct keel_embedded_file keel_data_{name};\n")
        read.append(path)
    return c, h, read


def write_outputs(args, kind, c, h, read):
    guard = f"KEEL_{kind}_{args.module}_H".upper()
    note = "/* Made by scripts/embed_sql.py; do not edit. */\n"
    header = ["#include <keel/db.h>\n" if kind == "sql" else "", '#include "base/embedded.h"\n']
    args.out_h.write_text(note + f"#ifndef {guard}\n#define {guard}\n\n" + "".join(header) + "\n"
                          + "\n".join(h) + "\n#endif\n")
    args.out_c.write_text(note + f'#include "{args.out_h.name}"\n\n' + "\n".join(c))
    if args.depfile:
        deps = " ".join(str(p).replace(" ", "\\ ") for p in read)
        args.depfile.write_text(f"{args.out_c} {args.out_h}: {deps}\n")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    commands = parser.add_subparsers(dest="kind", required=True)
    for kind in ("sql", "data"):
        command = commands.add_parser(kind)
        command.add_argument("module")
        if kind == "sql":
            command.add_argument("sql_dir", type=Path)
        command.add_argument("out_c", type=Path)
        command.add_argument("out_h", type=Path)
        command.add_argument("--depfile", type=Path)
        if kind == "data":
            command.add_argument("files", nargs="+")
    args = parser.parse_args()
    try:
        made = embed_sql(args.module, args.sql_dir) if args.kind == "sql" else embed_data(args.files)
    except EmbedError as error:
        sys.exit(str(error))
    write_outputs(args, args.kind, *made)


if __name__ == "__main__":
    main()
