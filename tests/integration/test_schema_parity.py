"""A new store has the same model on SQLite and on PostgreSQL: tables, columns, types, nullability, defaults, keys,
references, checks, indexes, views. As keel's own schema model has them (test_schema.py holds that against the catalogues)."""

import json
import re

import pytest

# What a column is, as each database declares it.
SQLITE_TYPES = {"INTEGER": "int", "TEXT": "text", "BLOB": "bytes", "REAL": "double"}
POSTGRES_TYPES = {
    "bigint": "int", "integer": "int", "smallint": "int", "boolean": "bool", "text": "text", "bytea": "bytes",
    "uuid": "uuid", "timestamp with time zone": "time", "numeric(20,9)": "money", "jsonb": "json",
}
# What SQLite stores in a class of its own, and its CHECK that tells.
STORED_AS = {"bool": "int", "uuid": "bytes", "time": "int", "money": "int", "json": "text"}


@pytest.fixture
def stores(keel, sqlite_database, postgres_database):
    for database in (sqlite_database, postgres_database):
        keel("migrate", "up", "--db", database.url)
    return sqlite_database, postgres_database


def normal(expression):
    """An expression without what PostgreSQL adds when it prints one back."""
    text = re.sub(r"::(text|bytea|integer|bigint|numeric|smallint|\w+)(\[\])?", "", expression.lower())
    text = re.sub(r"= any \(\(?array\[([^\]]*)\]\)?\)", r"in (\1)", text)
    text = re.sub(r"(\w+) between (\d+) and (\d+)", r"\1 >= \2 and \1 <= \3", text)
    text = text.replace("!=", "<>")
    return re.sub(r"[\s()\"]", "", text)


# What a SQLite CHECK says that PostgreSQL's types say.
SAYS_TYPE = re.compile(r"length\((id)\) = 16|\w+ IN \(0, 1\)|\w+ IS NULL OR json_valid\(\w+\)")


def part_text(part):
    return normal(part["column"] or part["expression"]) + ("desc" if part["descending"] else "")


def table_model(table, types):
    """What both databases have to have in common of one table of keel schema --json."""
    columns = {
        column["name"]: (types[column["declared_type"].replace(", ", ",")], column["not_null"], column["default"])
        for column in table["columns"]}
    indexes = {(None, True, ",".join(unique["columns"]), None) for unique in table["uniques"]}
    for index in table["indexes"]:
        keys = ",".join(part_text(part) for part in index["parts"])
        indexes.add((index["name"], index["unique"], keys, normal(index["where"]) if index["where"] else None))
    references = {(key["parent"], tuple(key["columns"]), tuple(key["parent_columns"]), key["on_delete"])
                  for key in table["foreign_keys"]}
    checks = {normal(check["expression"]) for check in table["checks"]
              if not SAYS_TYPE.fullmatch(check["expression"].strip())}
    return {"columns": columns, "primary": tuple(table["primary_key"]["columns"]), "checks": checks,
            "indexes": indexes, "references": references}


@pytest.fixture
def read(keel):
    def model(database):
        types = SQLITE_TYPES if database.kind == "sqlite" else POSTGRES_TYPES
        printed = json.loads(keel("schema", database.url, "--format", "json").stdout)
        return {table["name"]: table_model(table, types) for table in printed["tables"]
                if table["kind"] != "partition" and not table["name"].startswith("keel_migrations")}

    return model


def assert_same_columns(table, sqlite, postgres):
    assert list(sqlite) == list(postgres), table
    for name, (kind, not_null, default) in sqlite.items():
        other, other_not_null, other_default = postgres[name]
        assert (kind, not_null, default) == (STORED_AS.get(other, other), other_not_null, other_default), \
            f"{table}.{name}"


def test_both_databases_have_one_model(stores, read):
    sqlite, postgres = map(read, stores)
    assert set(sqlite) == set(postgres)
    assert len(sqlite) == 18
    for table in sqlite:
        assert_same_columns(table, sqlite[table]["columns"], postgres[table]["columns"])
        for part in ("primary", "references", "checks", "indexes"):
            assert sqlite[table][part] == postgres[table][part], f"{part} of {table}"


def test_sqlite_checks_what_postgres_has_types_for(stores, read):
    """Where PostgreSQL has boolean, uuid or jsonb, SQLite has a CHECK on a column that is not a reference."""
    postgres = read(stores[1])
    for table, sql in stores[0].rows("SELECT name, sql FROM sqlite_master WHERE type = 'table'"):
        references = {column for _, columns, _, _ in postgres.get(table, {}).get("references", ()) for column in columns}
        for name, (kind, _, _) in postgres.get(table, {}).get("columns", {}).items():
            wanted = {"bool": rf"{name} IN \(0, 1\)", "json": rf"json_valid\({name}\)",
                      "uuid": rf"length\({name}\) = 16"}.get(kind)
            if wanted and name not in references:
                assert re.search(wanted, sql), f"{table}.{name}"


def test_sqlite_tables_are_strict(stores):
    loose = stores[0].rows("SELECT name FROM pragma_table_list WHERE schema = 'main' AND type = 'table' "
                           "AND NOT strict AND name NOT LIKE 'sqlite_%'")
    assert loose == []


def test_every_reference_is_chosen_and_indexed(stores, read):
    """ON DELETE is written out, and an index leads with the columns of each reference."""
    for model in map(read, stores):
        for table, parts in model.items():
            leading = [",".join(parts["primary"])] + [keys for _, _, keys, _ in parts["indexes"]]
            for parent, columns, _, _ in parts["references"]:
                wanted = ",".join(columns)
                assert any(keys == wanted or keys.startswith(wanted + ",") for keys in leading), \
                    f"{table} ({wanted}) -> {parent}"
    for _, sql in stores[0].rows("SELECT name, sql FROM sqlite_master WHERE type = 'table'"):
        assert len(re.findall(r"\bREFERENCES\b", sql)) == len(re.findall(r"\bON DELETE\b", sql)), sql


def test_every_closed_set_of_words_is_checked_alike(stores, read):
    """The words themselves, not only that there is a CHECK."""
    sets = {}
    for model in map(read, stores):
        words = {(table, check) for table, parts in model.items() for check in parts["checks"] if "in'" in check}
        sets[len(sets)] = words
    assert sets[0] == sets[1]
    assert len(sets[0]) >= 10


def test_both_databases_have_the_same_views(stores):
    sqlite, postgres = stores
    views = [row[0] for row in sqlite.rows("SELECT name FROM sqlite_master WHERE type = 'view' ORDER BY name")]
    assert views == [row[0] for row in postgres.rows(
        "SELECT viewname::text FROM pg_views WHERE schemaname = 'public' ORDER BY viewname")]
    assert views
    for view in views:
        columns = [row[0] for row in sqlite.rows("SELECT name FROM pragma_table_info(%s)", view)]
        assert columns == [row[0] for row in postgres.rows(
            "SELECT attname::text FROM pg_attribute WHERE attrelid = %s::regclass AND attnum > 0 ORDER BY attnum",
            view)]


def test_the_schema_goes_down_and_up_again(keel, stores, read):
    for database in stores:
        before = read(database)
        keel("migrate", "down", "--to", "0", "--db", database.url)
        keel("migrate", "up", "--db", database.url)
        assert before == read(database)
