"""Small databases for the audit's rules, and what the audit says of them."""

import json


def literal(value):
    if value is None:
        return "NULL"
    if isinstance(value, (int, float)):
        return repr(value)
    return "'" + str(value).replace("'", "''") + "'"


def fill(database, table, rows):
    """Rows are tuples of None, numbers and text, in the order of the table's columns."""
    rows = list(rows)
    statements = [f"INSERT INTO {table} VALUES " + ", ".join(
        "(" + ", ".join(map(literal, row)) + ")" for row in rows[at : at + 500]) + ";" for at in range(0, len(rows), 500)]
    database.execute("\n".join(statements))


def spread(**words):
    """spread(done=3, open=1) -> done, done, done, open; for names that are no Python names: spread(**{"a b": 2})."""
    return [word for word, count in words.items() for _ in range(count)]


class Report:
    def __init__(self, report):
        self.report = report

    def all(self, rule, table=None):
        return [f for f in self.report["findings"] if f["rule"] == rule and (table is None or f["table"] == table)]

    def at(self, rule, table, *columns):
        """The finding at this place, or None."""
        found = [f for f in self.all(rule, table) if f["columns"] == list(columns)]
        assert len(found) <= 1, found
        return found[0] if found else None

    def matching(self, rule, table, *columns):
        finding = self.at(rule, table, *columns)
        assert finding, [(f["rule"], f["table"], f["columns"]) for f in self.report["findings"]]
        return finding["evidence"]["matching"]

    def places(self, rule):
        """"table.column" of all findings of a rule."""
        return sorted(f"{f['table']}.{','.join(f['columns'])}" for f in self.all(rule))


def counts(finding):
    return {c["what"]: c["count"] for c in finding["evidence"]["counts"]}


def audit(keel, database, *rules):
    more = [argument for rule in rules for argument in ("--rules", rule)]
    done = keel("audit", database.url, "--full", "--json", *more, check=False)
    assert done.returncode in (0, 1), done.stderr
    report = json.loads(done.stdout)
    assert report["skipped"] == []
    return Report(report)


def named(finding):
    """The name of the index, constraint, trigger or view that a finding is about, or None."""
    return finding["index"] or finding["constraint"] or finding["trigger"] or finding["view"]
