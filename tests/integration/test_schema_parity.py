"""A new store has the same model on SQLite and on PostgreSQL: tables, columns, types, nullability, defaults, keys,
references, checks, indexes, views. Read from the catalogues of both, with clients that are not keel's."""

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


def parenthesised(sql, start):
    """The text in the parentheses that open at start."""
    depth = 0
    for place in range(start, len(sql)):
        depth += {"(": 1, ")": -1}.get(sql[place], 0)
        if depth == 0:
            return sql[start + 1:place]
    raise AssertionError(f"no end of {sql[start:]}")


def normal(expression):
    """An expression without what PostgreSQL adds when it prints one back."""
    text = re.sub(r"::(text|bytea|integer|bigint|numeric|smallint|\w+)(\[\])?", "", expression.lower())
    text = re.sub(r"= any \(\(?array\[([^\]]*)\]\)?\)", r"in (\1)", text)
    text = re.sub(r"(\w+) between (\d+) and (\d+)", r"\1 >= \2 and \1 <= \3", text)
    text = text.replace("!=", "<>")
    return re.sub(r"[\s()\"]", "", text)


def sqlite_checks(sql):
    """The table's CHECKs, without those that only say what PostgreSQL's types say."""
    found = set()
    for match in re.finditer(r"\bCHECK\s*(\()", sql):
        check = parenthesised(sql, match.start(1))
        says_type = re.fullmatch(
            r"length\((id)\) = 16|\w+ IN \(0, 1\)|\w+ IS NULL OR json_valid\(\w+\)", check.strip())
        if not says_type:
            found.add(normal(check))
    return found


def sqlite_model(database):
    tables = database.rows(
        "SELECT name, sql FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' "
        "AND name NOT LIKE 'keel_migrations%'")
    model = {}
    for table, sql in tables:
        columns = {
            name: (SQLITE_TYPES[kind], bool(not_null), default)
            for name, kind, not_null, default in database.rows(
                'SELECT name, type, "notnull" OR pk > 0, dflt_value FROM pragma_table_info(%s)', table)}
        primary = tuple(name for name, in database.rows(
            "SELECT name FROM pragma_table_info(%s) WHERE pk > 0 ORDER BY pk", table))
        references = {}
        for key, _, parent, child_column, parent_column, _, on_delete, _ in database.rows(
                "SELECT * FROM pragma_foreign_key_list(%s) ORDER BY id, seq", table):
            references.setdefault(key, (parent, [], [], on_delete))
            references[key][1].append(child_column)
            references[key][2].append(parent_column)
        indexes = set()
        for name, unique, origin, _ in database.rows(
                'SELECT name, "unique", origin, partial FROM pragma_index_list(%s)', table):
            if origin == "pk":
                continue
            created, = database.rows("SELECT sql FROM sqlite_master WHERE name = %s", name)
            if created[0]:
                keys = parenthesised(created[0], created[0].index("("))
                where = re.search(r"\bWHERE\b(.*)", created[0], re.DOTALL)
                indexes.add((name, bool(unique), normal(keys), normal(where[1]) if where else None))
            else:
                keys = ",".join(row[0] for row in database.rows("SELECT name FROM pragma_index_info(%s)", name))
                indexes.add((None, bool(unique), normal(keys), None))
        model[table] = {
            "columns": columns, "primary": primary, "checks": sqlite_checks(sql), "indexes": indexes,
            "references": {(p, tuple(c), tuple(r), d) for p, c, r, d in references.values()}}
    return model


ACTIONS = {"a": "NO ACTION", "r": "RESTRICT", "c": "CASCADE", "n": "SET NULL", "d": "SET DEFAULT"}
COLUMNS_OF = """(SELECT array_agg(a.attname::text ORDER BY k.n) FROM unnest({keys}) WITH ORDINALITY k (attnum, n)
                 JOIN pg_attribute a ON a.attrelid = {table} AND a.attnum = k.attnum)"""


def postgres_model(database):
    tables = database.rows(
        "SELECT oid, relname::text FROM pg_class WHERE relnamespace = 'public'::regnamespace "
        "AND relkind IN ('r', 'p') AND NOT relispartition AND relname NOT LIKE 'keel_migrations%'")
    model = {}
    for oid, table in tables:
        columns = {
            name: (POSTGRES_TYPES[kind], not_null, default)
            for name, kind, not_null, default in database.rows(
                "SELECT a.attname::text, format_type(a.atttypid, a.atttypmod), a.attnotnull, "
                "pg_get_expr(d.adbin, d.adrelid) FROM pg_attribute a LEFT JOIN pg_attrdef d "
                "ON d.adrelid = a.attrelid AND d.adnum = a.attnum "
                "WHERE a.attrelid = %s AND a.attnum > 0 AND NOT a.attisdropped", oid)}
        primary = database.rows(
            f"SELECT {COLUMNS_OF.format(keys='conkey', table='conrelid')} FROM pg_constraint "
            "WHERE conrelid = %s AND contype = 'p'", oid)
        references = {
            (parent, tuple(child), tuple(key), ACTIONS[action]) for parent, child, key, action in database.rows(
                f"SELECT confrelid::regclass::text, {COLUMNS_OF.format(keys='conkey', table='conrelid')}, "
                f"{COLUMNS_OF.format(keys='confkey', table='confrelid')}, confdeltype::text FROM pg_constraint "
                # A reference to a partitioned table has one row for each partition as well.
                "WHERE conrelid = %s AND contype = 'f' AND conparentid = 0", oid)}
        checks = {normal(parenthesised(text, text.index("("))) for text, in database.rows(
            "SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conrelid = %s AND contype = 'c'", oid)}
        indexes = set()
        for name, unique, definition, where, constraint in database.rows(
                "SELECT c.relname::text, i.indisunique, pg_get_indexdef(i.indexrelid), "
                "pg_get_expr(i.indpred, i.indrelid), EXISTS (SELECT FROM pg_constraint k WHERE k.conindid = "
                "i.indexrelid AND k.contype = 'u') FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid "
                "WHERE i.indrelid = %s AND NOT i.indisprimary", oid):
            keys = parenthesised(definition, definition.index("("))
            indexes.add((None if constraint else name, unique, normal(keys), normal(where) if where else None))
        model[table] = {"columns": columns, "primary": tuple(primary[0][0]), "checks": checks,
                        "indexes": indexes, "references": references}
    return model


def assert_same_columns(table, sqlite, postgres):
    assert list(sqlite) == list(postgres), table
    for name, (kind, not_null, default) in sqlite.items():
        other, other_not_null, other_default = postgres[name]
        assert (kind, not_null, default) == (STORED_AS.get(other, other), other_not_null, other_default), \
            f"{table}.{name}"


def test_both_databases_have_one_model(stores):
    sqlite, postgres = sqlite_model(stores[0]), postgres_model(stores[1])
    assert set(sqlite) == set(postgres)
    assert len(sqlite) == 18
    for table in sqlite:
        assert_same_columns(table, sqlite[table]["columns"], postgres[table]["columns"])
        for part in ("primary", "references", "checks", "indexes"):
            assert sqlite[table][part] == postgres[table][part], f"{part} of {table}"


def test_sqlite_checks_what_postgres_has_types_for(stores):
    """Where PostgreSQL has boolean, uuid or jsonb, SQLite has a CHECK on a column that is not a reference."""
    postgres = postgres_model(stores[1])
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


def test_every_reference_is_chosen_and_indexed(stores):
    """ON DELETE is written out, and an index leads with the columns of each reference."""
    for model in (sqlite_model(stores[0]), postgres_model(stores[1])):
        for table, parts in model.items():
            leading = [",".join(parts["primary"])] + [keys for _, _, keys, _ in parts["indexes"]]
            for parent, columns, _, _ in parts["references"]:
                wanted = ",".join(columns)
                assert any(keys == wanted or keys.startswith(wanted + ",") for keys in leading), \
                    f"{table} ({wanted}) -> {parent}"
    for _, sql in stores[0].rows("SELECT name, sql FROM sqlite_master WHERE type = 'table'"):
        assert len(re.findall(r"\bREFERENCES\b", sql)) == len(re.findall(r"\bON DELETE\b", sql)), sql


def test_every_closed_set_of_words_is_checked_alike(stores):
    """The words themselves, not only that there is a CHECK."""
    sets = {}
    for model in (sqlite_model(stores[0]), postgres_model(stores[1])):
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


def test_the_schema_goes_down_and_up_again(keel, stores):
    for database in stores:
        before = sqlite_model(database) if database.kind == "sqlite" else postgres_model(database)
        keel("migrate", "down", "--to", "0", "--db", database.url)
        keel("migrate", "up", "--db", database.url)
        assert before == (sqlite_model(database) if database.kind == "sqlite" else postgres_model(database))
