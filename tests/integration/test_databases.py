"""The fixtures that the other tests stand on."""


def test_a_database_takes_scripts_and_answers_queries(database):
    database.execute("CREATE TABLE t (a integer); INSERT INTO t VALUES (1), (2);")
    assert database.rows("SELECT a FROM t WHERE a > %s ORDER BY a", 0) == [(1,), (2,)]
    assert database.problems() == []


def test_a_database_is_empty_at_first(database):
    tables = {"sqlite": "sqlite_schema", "postgres": "pg_tables WHERE schemaname = 'public'"}
    database.execute("SELECT 1")
    assert database.value(f"SELECT count(*) FROM {tables[database.kind]}") == 0
