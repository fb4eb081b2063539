"""The audit's rules on references: what they must find, with exact counts, and what they must leave alone."""

import pytest
from audited import audit, counts, fill, named

SOFT = "reference-not-declared"


def uuid(i):
    return f"{i:08x}-0000-4000-8000-000000000000"


# ---- reference-not-declared -----------------------------------------------------------------------------------------

@pytest.fixture
def child(keel, database):
    """A parent with ids 1 to 100 and a child t with values in a column; the report on both."""

    def look(column, values, parent="CREATE TABLE users (id INTEGER NOT NULL PRIMARY KEY, name TEXT)", declared="INTEGER",
             ids=range(1, 101), rule=SOFT):
        table = parent.split()[2]
        database.execute(f"{parent}; CREATE TABLE t (id INTEGER NOT NULL PRIMARY KEY, {column} {declared});")
        fill(database, table, [(i, f"n{i}")[: parent.count(",") + 1] for i in ids])
        fill(database, "t", enumerate(values, 1))
        return audit(keel, database, rule)

    return look


def test_a_reference_that_holds(child):
    finding = child("user_id", [i % 100 + 1 for i in range(300)]).at(SOFT, "t", "user_id")
    assert (finding["severity"], finding["fix"]) == ("warning", "automatic")
    assert finding["evidence"]["matching"] == 0
    assert counts(finding) == {"values": 300, "matching values": 300, "NULL": 0, "missing": 0}


def test_orphans_are_counted(child):
    finding = child("user_id", [None] * 7 + [i % 100 + 1 for i in range(200)] + [900, 901, 901]).at(SOFT, "t", "user_id")
    assert counts(finding) == {"values": 203, "matching values": 200, "NULL": 7, "missing": 2}
    assert finding["evidence"]["matching"] == 3
    assert finding["evidence"]["examples"] == ["900", "901"]
    assert finding["message"].startswith("3 of 203 values of t.user_id have no row in users")


def test_values_that_are_elsewhere_are_no_reference(child):
    assert child("user_id", [1000 + i for i in range(300)]).all(SOFT) == []


def test_no_values_are_no_reference(child):
    assert child("user_id", [None] * 30).all(SOFT) == []


def test_many_orphans_are_left_to_people(child):
    finding = child("user_id", [i % 100 + 1 for i in range(30)] + [999] * 10).at(SOFT, "t", "user_id")
    assert finding["fix"] == "needs-decision"


@pytest.mark.parametrize(("column", "parent"), [
    ("user_id", "CREATE TABLE users (telegram_user_id INTEGER NOT NULL PRIMARY KEY)"),
    ("video_id", "CREATE TABLE video (video_id INTEGER NOT NULL PRIMARY KEY)"),
    ("category_id", "CREATE TABLE categories (id INTEGER NOT NULL PRIMARY KEY)"),
    ("box_id", 'CREATE TABLE boxes (id INTEGER NOT NULL PRIMARY KEY)'),
    ("parent_user_id", "CREATE TABLE users (id INTEGER NOT NULL PRIMARY KEY)"),
])
def test_names_that_speak_plainly(child, column, parent):
    assert child(column, [i % 100 + 1 for i in range(300)], parent).places(SOFT) == [f"t.{column}"]


def test_a_part_of_a_name_needs_values_that_run_through_the_key(child):
    assert child("session_id", [i % 100 + 1 for i in range(300)],
                 "CREATE TABLE chat_sessions (id INTEGER NOT NULL PRIMARY KEY)").places(SOFT) == ["t.session_id"]


def test_small_numbers_are_in_every_key(child):
    """A part of a name, and 1 to 5 of 100: it may be anything."""
    assert child("session_id", [i % 5 + 1 for i in range(300)],
                 "CREATE TABLE chat_sessions (id INTEGER NOT NULL PRIMARY KEY)").all(SOFT) == []


def test_a_part_of_a_name_with_orphans_among_numbers_proves_nothing(child):
    assert child("session_id", [i % 100 + 1 for i in range(300)] + [900],
                 "CREATE TABLE chat_sessions (id INTEGER NOT NULL PRIMARY KEY)").all(SOFT) == []


def test_people(child):
    assert child("created_by", [i % 100 + 1 for i in range(300)]).places(SOFT) == ["t.created_by"]


@pytest.mark.parametrize("column", ["t_id", "id2", "user_count", "users", "correlation_id"])
def test_names_that_say_something_else(child, column):
    assert child(column, [i % 100 + 1 for i in range(300)]).all(SOFT) == []


def test_text_against_numbers(child):
    """The look-up never fails, and says which values are no numbers; the types have to be decided on."""
    finding = child("user_id", [str(i % 100 + 1) for i in range(200)] + ["x", "1e3", "99999999999999999999"], declared="TEXT").at(
        SOFT, "t", "user_id")
    assert finding["fix"] == "needs-decision"
    assert finding["evidence"]["matching"] == 3


def test_a_tree_in_one_table(keel, database):
    database.execute("CREATE TABLE nodes (id TEXT NOT NULL PRIMARY KEY, parent_id TEXT);")
    fill(database, "nodes", [(uuid(i), None if i == 1 else uuid(i // 2) if i % 10 else uuid(5000 + i)) for i in range(1, 101)])
    finding = audit(keel, database, SOFT).at(SOFT, "nodes", "parent_id")
    assert finding["evidence"]["matching"] == 10
    assert "SET NULL" in finding["fix_text"]


def test_two_tables_that_refer_to_each_other_get_a_deferred_key(keel, database):
    database.execute("CREATE TABLE prompts (id TEXT NOT NULL PRIMARY KEY, current_version_id TEXT);"
                     "CREATE TABLE prompt_versions (id TEXT NOT NULL PRIMARY KEY, prompt_id TEXT NOT NULL REFERENCES prompts (id));")
    fill(database, "prompts", [(f"p{i}", f"v{i}") for i in range(1, 31)])
    fill(database, "prompt_versions", [(f"v{i}", f"p{i}") for i in range(1, 31)])
    finding = audit(keel, database, SOFT).at(SOFT, "prompts", "current_version_id")
    assert "INITIALLY DEFERRED" in finding["fix_text"]


def test_a_declared_reference_is_none_of_them(keel, database):
    database.execute("CREATE TABLE users (id INTEGER NOT NULL PRIMARY KEY);"
                     "CREATE TABLE t (id INTEGER NOT NULL PRIMARY KEY, user_id INTEGER REFERENCES users (id));"
                     "INSERT INTO users VALUES (1);")
    fill(database, "t", [(i, 1) for i in range(1, 31)])
    assert audit(keel, database, SOFT).report["findings"] == []


def test_names_with_quotes_newlines_and_emoji(keel, database):
    database.execute('CREATE TABLE "us""ers" (id INTEGER NOT NULL PRIMARY KEY);'
                     'CREATE TABLE "😀 t\n" (id INTEGER NOT NULL PRIMARY KEY, "us""er_id" INTEGER);')
    fill(database, '"us""ers"', [(i,) for i in range(1, 51)])
    fill(database, '"😀 t\n"', [(i, i % 50 + 1) for i in range(1, 101)])
    report = audit(keel, database, "references", "indexes", "keys")
    assert report.places(SOFT) == ['😀 t\n.us"er_id']


def test_uuids_against_text_in_postgres(keel, postgres_database):
    postgres_database.execute("CREATE TABLE users (id UUID PRIMARY KEY); CREATE TABLE t (id INTEGER PRIMARY KEY, user_id TEXT);"
                              "CREATE TABLE orders (id TEXT COLLATE \"C\" PRIMARY KEY);"
                              "CREATE TABLE lines (id INTEGER PRIMARY KEY, order_id VARCHAR(40));")
    fill(postgres_database, "users", [(uuid(i),) for i in range(1, 51)])
    fill(postgres_database, "t", [(i, uuid(i % 50 + 1).upper()) for i in range(1, 101)] + [(200, "no uuid"), (201, "")])
    fill(postgres_database, "orders", [(f"o{i}",) for i in range(1, 51)])
    fill(postgres_database, "lines", [(i, f"o{i % 50 + 1}") for i in range(1, 101)])
    report = audit(keel, postgres_database, SOFT)
    assert report.matching(SOFT, "t", "user_id") == 2
    assert report.matching(SOFT, "lines", "order_id") == 0


# ---- declared keys --------------------------------------------------------------------------------------------------

def test_orphans_of_declared_keys(keel, sqlite_database):
    sqlite_database.execute("""
        CREATE TABLE p (id INTEGER PRIMARY KEY, code TEXT COLLATE NOCASE UNIQUE);
        CREATE TABLE pair (a INTEGER, b TEXT, PRIMARY KEY (a, b));
        CREATE TABLE t (id INTEGER PRIMARY KEY, p_id INTEGER REFERENCES p, code TEXT REFERENCES p (code), a INTEGER, b TEXT,
            FOREIGN KEY (a, b) REFERENCES pair);
        INSERT INTO p VALUES (1, 'X'), (2, 'Y');
        INSERT INTO pair VALUES (1, 'x'), (2, 'y');
        INSERT INTO t (p_id, code, a, b) VALUES (1, 'x', 1, 'x'), ('2', 'Z', 1, 'y'), (3, NULL, NULL, 'y'), (4, 'y', 2, 'y');
        """)
    report = audit(keel, sqlite_database, "foreign-key-orphans", "foreign-keys-not-enforced")
    assert report.matching("foreign-key-orphans", "t", "p_id") == 2
    assert report.matching("foreign-key-orphans", "t", "code") == 1
    assert report.matching("foreign-key-orphans", "t", "a", "b") == 1
    assert {f["severity"] for f in report.all("foreign-key-orphans")} == {"error"}
    total, = report.all("foreign-keys-not-enforced")
    assert (total["table"], total["evidence"]["matching"]) == (None, 4)
    assert len(sqlite_database.rows("PRAGMA foreign_key_check")) == 4


def test_a_database_that_holds_its_keys(keel, database):
    database.execute("CREATE TABLE p (id INTEGER NOT NULL PRIMARY KEY);"
                     "CREATE TABLE t (id INTEGER NOT NULL PRIMARY KEY, p_id INTEGER REFERENCES p (id)); CREATE INDEX i ON t (p_id);"
                     "INSERT INTO p VALUES (1); INSERT INTO t VALUES (1, 1), (2, NULL);")
    assert audit(keel, database, "references").report["findings"] == []


def test_a_key_that_was_never_validated(keel, postgres_database):
    postgres_database.execute("CREATE TABLE p (id INTEGER PRIMARY KEY); CREATE TABLE t (id INTEGER PRIMARY KEY, p_id INTEGER);"
                              "INSERT INTO p VALUES (1); INSERT INTO t VALUES (1, 1), (2, 2), (3, 3);"
                              "ALTER TABLE t ADD CONSTRAINT k FOREIGN KEY (p_id) REFERENCES p (id) NOT VALID;")
    finding = audit(keel, postgres_database, "foreign-key-orphans").at("foreign-key-orphans", "t", "p_id")
    assert (named(finding), finding["evidence"]["matching"], finding["fix"]) == ("k", 2, "needs-decision")


def test_a_key_that_could_be_validated(keel, postgres_database):
    postgres_database.execute("CREATE TABLE p (id INTEGER PRIMARY KEY); CREATE TABLE t (id INTEGER PRIMARY KEY, p_id INTEGER);"
                              "INSERT INTO p VALUES (1); INSERT INTO t VALUES (1, 1);"
                              "ALTER TABLE t ADD CONSTRAINT k FOREIGN KEY (p_id) REFERENCES p (id) NOT VALID;")
    report = audit(keel, postgres_database, "foreign-key-orphans", "foreign-key-not-validated")
    assert report.places("foreign-key-not-validated") == ["t.p_id"]
    assert len(report.report["findings"]) == 1


def test_keys_without_an_index(keel, database):
    database.execute("""
        CREATE TABLE p (id INTEGER NOT NULL PRIMARY KEY, a INTEGER NOT NULL, b INTEGER NOT NULL, UNIQUE (a, b));
        CREATE TABLE t (id INTEGER NOT NULL PRIMARY KEY, none_id INTEGER REFERENCES p (id), plain_id INTEGER REFERENCES p (id),
            leads_id INTEGER REFERENCES p (id), later_id INTEGER REFERENCES p (id), unique_id INTEGER UNIQUE REFERENCES p (id),
            partial_id INTEGER REFERENCES p (id), not_null_id INTEGER REFERENCES p (id), x INTEGER, y INTEGER, c INTEGER, d INTEGER,
            e INTEGER NOT NULL, f INTEGER,
            FOREIGN KEY (x, y) REFERENCES p (a, b), FOREIGN KEY (c, d) REFERENCES p (a, b), FOREIGN KEY (e, f) REFERENCES p (a, b));
        CREATE INDEX i1 ON t (plain_id);
        CREATE INDEX i2 ON t (leads_id, later_id);
        CREATE INDEX i3 ON t (partial_id) WHERE partial_id > 5;
        CREATE INDEX i4 ON t (not_null_id) WHERE not_null_id IS NOT NULL;
        CREATE INDEX i5 ON t (y, x, id);
        CREATE INDEX i6 ON t (c);
        CREATE INDEX i7 ON t (e, f) WHERE f IS NOT NULL;
        """)
    report = audit(keel, database, "foreign-key-without-index")
    assert report.places("foreign-key-without-index") == ["t.later_id", "t.none_id", "t.partial_id"]


def test_keys_that_refer_to_nothing(keel, sqlite_database):
    sqlite_database.execute("""
        CREATE TABLE p (id INTEGER PRIMARY KEY, name TEXT);
        CREATE TABLE t (id INTEGER PRIMARY KEY, a INTEGER REFERENCES gone (id), b INTEGER REFERENCES p (missing),
            c TEXT REFERENCES p (name), d INTEGER REFERENCES P (ID), e INTEGER REFERENCES p);
        """)
    report = audit(keel, sqlite_database, "foreign-key-without-parent")
    assert report.places("foreign-key-without-parent") == ["t.a", "t.b", "t.c"]
    assert "there is no table gone" in report.at("foreign-key-without-parent", "t", "a")["message"]
    assert "p has no column missing" in report.at("foreign-key-without-parent", "t", "b")["message"]


def test_types_of_sqlite_that_differ(keel, sqlite_database):
    sqlite_database.execute("""
        CREATE TABLE n (id INTEGER PRIMARY KEY); CREATE TABLE s (id TEXT PRIMARY KEY NOT NULL);
        CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT REFERENCES n (id), b BIGINT REFERENCES n (id), c NUMERIC REFERENCES n (id),
            d VARCHAR(36) REFERENCES s (id), e INTEGER REFERENCES s (id), f REFERENCES s (id));
        """)
    assert audit(keel, sqlite_database, "foreign-key-type-mismatch").places("foreign-key-type-mismatch") == ["t.a", "t.e"]


def test_types_of_postgres_that_differ(keel, postgres_database):
    postgres_database.execute("""
        CREATE TABLE n (id BIGINT PRIMARY KEY); CREATE TABLE s (id VARCHAR(40) PRIMARY KEY); CREATE TABLE m (id NUMERIC PRIMARY KEY);
        CREATE TABLE t (id INTEGER PRIMARY KEY, a INTEGER REFERENCES n (id), b BIGINT REFERENCES n (id), c VARCHAR(36) REFERENCES s (id),
            d TEXT REFERENCES s (id), e BIGINT REFERENCES m (id));
        """)
    report = audit(keel, postgres_database, "foreign-key-type-mismatch")
    assert report.places("foreign-key-type-mismatch") == ["t.a", "t.c", "t.e"]
    assert report.at("foreign-key-type-mismatch", "t", "c")["severity"] == "advice"


@pytest.mark.parametrize(("null", "deferrable", "expected"), [
    ("NOT NULL", "", ["a.b_id"]), ("", "", []), ("NOT NULL", "DEFERRABLE INITIALLY DEFERRED", [])])
def test_cycles_in_which_nothing_can_be_first(keel, database, null, deferrable, expected):
    if database.kind == "sqlite":
        database.execute(f"CREATE TABLE a (id INTEGER PRIMARY KEY, b_id INTEGER {null} REFERENCES b (id) {deferrable});"
                         "CREATE TABLE b (id INTEGER PRIMARY KEY, c_id INTEGER NOT NULL REFERENCES c (id));"
                         "CREATE TABLE c (id INTEGER PRIMARY KEY, a_id INTEGER NOT NULL REFERENCES a (id), c_id INTEGER NOT NULL REFERENCES c (id));")
    else:
        database.execute(f"CREATE TABLE a (id INTEGER PRIMARY KEY, b_id INTEGER {null});"
                         "CREATE TABLE b (id INTEGER PRIMARY KEY, c_id INTEGER NOT NULL);"
                         "CREATE TABLE c (id INTEGER PRIMARY KEY, a_id INTEGER NOT NULL REFERENCES a (id), c_id INTEGER NOT NULL REFERENCES c (id));"
                         f"ALTER TABLE a ADD FOREIGN KEY (b_id) REFERENCES b (id) {deferrable};"
                         "ALTER TABLE b ADD FOREIGN KEY (c_id) REFERENCES c (id);")
    assert audit(keel, database, "foreign-key-cycle").places("foreign-key-cycle") == expected


def test_a_few_rows_that_belong_to_nothing(keel, database):
    database.execute("CREATE TABLE p (id INTEGER NOT NULL PRIMARY KEY); INSERT INTO p VALUES (1);"
                     "CREATE TABLE t (id INTEGER NOT NULL PRIMARY KEY, few INTEGER REFERENCES p (id), many INTEGER REFERENCES p (id),"
                     " none INTEGER REFERENCES p (id), parent INTEGER REFERENCES t (id));")
    fill(database, "t", [(i, None if i % 20 == 0 else 1, None if i % 2 else 1, 1, None if i % 20 == 0 else 1) for i in range(1, 101)])
    report = audit(keel, database, "foreign-key-null")
    assert report.places("foreign-key-null") == ["t.few"]
    assert report.matching("foreign-key-null", "t", "few") == 5


def test_rules_for_deletion_that_differ(keel, database):
    database.execute("""
        CREATE TABLE p (id INTEGER NOT NULL PRIMARY KEY); CREATE TABLE q (id INTEGER NOT NULL PRIMARY KEY);
        CREATE TABLE a (id INTEGER NOT NULL PRIMARY KEY, p_id INTEGER REFERENCES p (id) ON DELETE CASCADE);
        CREATE TABLE b (id INTEGER NOT NULL PRIMARY KEY, p_id INTEGER REFERENCES p (id) ON DELETE CASCADE, q_id INTEGER REFERENCES q (id) ON DELETE CASCADE);
        CREATE TABLE c (id INTEGER NOT NULL PRIMARY KEY, p_id INTEGER REFERENCES p (id) ON DELETE SET NULL, c_id INTEGER REFERENCES c (id) ON DELETE SET NULL);
        CREATE TABLE d (id INTEGER NOT NULL PRIMARY KEY, p_id INTEGER REFERENCES p (id), q_id INTEGER REFERENCES q (id) ON DELETE CASCADE);
        CREATE TABLE e (id INTEGER NOT NULL PRIMARY KEY, q_id INTEGER REFERENCES q (id) ON DELETE CASCADE);
        CREATE TABLE f (id INTEGER NOT NULL PRIMARY KEY, p_id INTEGER REFERENCES p (id));
        """)
    report = audit(keel, database, "foreign-key-actions-differ", "foreign-key-without-delete-rule")
    assert report.places("foreign-key-actions-differ") == ["c.p_id"]
    assert report.places("foreign-key-without-delete-rule") == ["d.p_id"]


def test_a_database_without_any_reference(keel, database):
    database.execute("".join(f"CREATE TABLE {t} (id INTEGER NOT NULL PRIMARY KEY, v TEXT);" for t in "abc")
                     + "CREATE TABLE notes (id INTEGER NOT NULL PRIMARY KEY, a_id INTEGER);")
    for table in "ab":
        fill(database, table, [(i, "x") for i in range(1, 31)])
    fill(database, "notes", [(i, i % 30 + 1) for i in range(1, 61)])
    report = audit(keel, database, "foreign-keys-none", "table-unlinked")
    assert counts(report.all("foreign-keys-none")[0]) == {"tables": 4, "references by value": 1}
    assert report.places("table-unlinked") == ["b."]


def test_one_declared_reference_is_enough(keel, database):
    database.execute("CREATE TABLE a (id INTEGER NOT NULL PRIMARY KEY); CREATE TABLE b (id INTEGER NOT NULL PRIMARY KEY);"
                     "CREATE TABLE c (id INTEGER NOT NULL PRIMARY KEY, a_id INTEGER REFERENCES a (id));")
    assert audit(keel, database, "foreign-keys-none", "table-unlinked").report["findings"] == []


# ---- in JSON, by name, by value -------------------------------------------------------------------------------------

def test_ids_in_json(keel, database):
    database.execute("CREATE TABLE document (id INTEGER NOT NULL PRIMARY KEY, text_id TEXT UNIQUE);"
                     "CREATE TABLE tags (id INTEGER NOT NULL PRIMARY KEY, name TEXT);"
                     "CREATE TABLE job (id INTEGER NOT NULL PRIMARY KEY, text_ids JSON, tags JSON, words JSON, payload JSON);")
    fill(database, "document", [(i, f"d{i}") for i in range(1, 31)])
    fill(database, "tags", [(i, f"t{i}") for i in range(1, 31)])
    rows = []
    for i in range(1, 31):
        ids = f'["d{i}", "{"gone" if i % 10 == 0 else "d1"}"]'
        rows.append((i, ids, f'["t{i}"]', f'["d{i}"]', f'{{"document_id": {i if i % 15 else 900 + i}, "other_id": {i}, "deep": {{"document_id": 5}}}}'))
    rows.append((31, "[]", None, '{"a": 1}', '{"document_id": null}'))
    rows.append((32, '{"a": 1}', '"t1"', "3", "[1]"))
    rows.append((33, None, '["\\u0000"]', "null", '{"document_id": "\\ud800 x"}'))
    fill(database, "job", rows)
    report = audit(keel, database, "reference-in-json")
    assert sorted(report.places("reference-in-json")) == ["job.payload", "job.tags", "job.text_ids"]
    assert report.matching("reference-in-json", "job", "text_ids") == 3
    assert report.at("reference-in-json", "job", "text_ids")["severity"] == "warning"
    payload = report.at("reference-in-json", "job", "payload")
    assert (payload["severity"], payload["evidence"]["matching"] in (2, 3)) == ("advice", True)


def test_json_that_sqlite_cannot_read(keel, sqlite_database):
    sqlite_database.execute("CREATE TABLE document (id INTEGER NOT NULL PRIMARY KEY);"
                            "CREATE TABLE job (id INTEGER NOT NULL PRIMARY KEY, document_ids JSON, payload JSON);")
    fill(sqlite_database, "document", [(i,) for i in range(1, 31)])
    fill(sqlite_database, "job", [(i, f"[{i}, {i + 1 if i < 29 else i}]", f'{{"document_id": {i}}}') for i in range(1, 31)]
         + [(31, "[1, ", '{"document_id": '), (32, "", ""), (33, 7, 7)])
    sqlite_database.execute("INSERT INTO job VALUES (34, x'5b31', x'7b'), (35, x'ff00', x'00');")
    report = audit(keel, sqlite_database, "reference-in-json")
    assert report.matching("reference-in-json", "job", "document_ids") == 0
    assert report.matching("reference-in-json", "job", "payload") == 0


def test_names_in_place_of_keys(keel, database):
    database.execute("""
        CREATE TABLE prompt_templates (id INTEGER NOT NULL PRIMARY KEY, name TEXT NOT NULL, version TEXT NOT NULL, UNIQUE (name, version));
        CREATE TABLE framework_versions (id INTEGER NOT NULL PRIMARY KEY, framework_name TEXT, version TEXT);
        CREATE TABLE experiments (id INTEGER NOT NULL PRIMARY KEY, prompt_template_id TEXT, framework_config_id TEXT, external_id TEXT);
        """)
    fill(database, "prompt_templates", [(1, "a", "v1"), (2, "a", "v2"), (3, "b", "v1")])
    fill(database, "framework_versions", [(1, "x", "1"), (2, "x", "2"), (3, "y", "1")])
    fill(database, "experiments", [(i, ["a_v1", "a_v2", "b_v1", "c_v1"][i % 4], ["x", "y"][i % 2], f"e{i}") for i in range(1, 41)])
    report = audit(keel, database, "reference-by-name")
    assert report.places("reference-by-name") == ["experiments.framework_config_id", "experiments.prompt_template_id"]
    prompts = report.at("reference-by-name", "experiments", "prompt_template_id")
    assert counts(prompts) == {"name no row": 10, "name several rows": 0, "name one row": 30}
    assert prompts["evidence"]["matching"] == 10
    frameworks = report.at("reference-by-name", "experiments", "framework_config_id")
    assert counts(frameworks) == {"name no row": 0, "name several rows": 20, "name one row": 20}


def test_people_by_their_addresses(keel, database):
    database.execute("CREATE TABLE visits (id INTEGER NOT NULL PRIMARY KEY, email TEXT);"
                     "CREATE TABLE tokens (id INTEGER NOT NULL PRIMARY KEY, account TEXT, contact TEXT);")
    fill(database, "visits", [(i, f"p{i % 20}@x.org") for i in range(1, 61)])
    fill(database, "tokens", [(i, f"P{i}@X.org", f"p{i}@x.org") for i in range(1, 24)] + [(99, "", "")])
    report = audit(keel, database, "reference-by-name")
    assert report.places("reference-by-name") == ["tokens.account"]
    assert counts(report.at("reference-by-name", "tokens", "account"))["name no row"] == 4


def test_uuids_of_several_tables(keel, database):
    database.execute("".join(f"CREATE TABLE {t} (id VARCHAR(36) NOT NULL PRIMARY KEY);" for t in ("pages", "images", "videos"))
                     + "CREATE TABLE notes (id INTEGER NOT NULL PRIMARY KEY, subject_id VARCHAR(36), trace_id VARCHAR(36));")
    fill(database, "pages", [(uuid(i),) for i in range(100)])
    fill(database, "images", [(uuid(i),) for i in range(100, 200)])
    fill(database, "videos", [(uuid(i),) for i in range(200, 300)])
    fill(database, "notes", [(i, uuid(i * 5 % 200 if i % 10 else 900 + i), uuid(5000 + i)) for i in range(1, 101)])
    report = audit(keel, database, "reference-by-value")
    assert report.places("reference-by-value") == ["notes.subject_id"]
    finding = report.at("reference-by-value", "notes", "subject_id")
    assert finding["evidence"]["matching"] == 10
    assert set(counts(finding)) == {"pages", "images"}


def test_a_full_text_table_out_of_step(keel, sqlite_database):
    sqlite_database.execute("""
        CREATE TABLE posts (id INTEGER PRIMARY KEY);
        CREATE TABLE bodies (id INTEGER PRIMARY KEY, post_id INTEGER NOT NULL UNIQUE REFERENCES posts (id), body TEXT);
        CREATE VIRTUAL TABLE search USING fts5 (post_id, body);
        CREATE VIRTUAL TABLE outside USING fts5 (body, content='bodies', content_rowid='id');
        """)
    fill(sqlite_database, "posts", [(i,) for i in range(1, 101)])
    fill(sqlite_database, "bodies", [(i, i, f"b{i}") for i in range(1, 91)])
    fill(sqlite_database, "search", [(str(i), f"b{i}") for i in range(1, 81)] + [("900", "x"), ("901", "x")])
    report = audit(keel, sqlite_database, "full-text-out-of-step")
    finding = report.at("full-text-out-of-step", "search", "post_id")
    assert counts(finding) == {"entries without a row": 2, "rows without an entry": 10}
    assert len(report.report["findings"]) == 1


def test_a_full_text_table_in_step(keel, sqlite_database):
    sqlite_database.execute("CREATE TABLE posts (id INTEGER PRIMARY KEY); CREATE VIRTUAL TABLE search USING fts5 (post_id, body);")
    fill(sqlite_database, "posts", [(i,) for i in range(1, 101)])
    fill(sqlite_database, "search", [(str(i), f"b{i}") for i in range(1, 101)])
    assert audit(keel, sqlite_database, "full-text-out-of-step").report["findings"] == []
