"""A ticket system: the kind of schema that an audit should have nothing to say against."""

import json
import random
from datetime import UTC, datetime, timedelta

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)

SQLITE = """
CREATE TABLE schema_migrations (version INTEGER PRIMARY KEY, applied_at TEXT NOT NULL) STRICT;
CREATE TABLE users (
    id INTEGER PRIMARY KEY, email TEXT NOT NULL UNIQUE, display_name TEXT NOT NULL, password_hash BLOB NOT NULL,
    locale TEXT NOT NULL DEFAULT 'en' CHECK (locale IN ('en', 'de', 'fr', 'ja')),
    is_admin INTEGER NOT NULL DEFAULT 0 CHECK (is_admin IN (0, 1)),
    created_at TEXT NOT NULL, updated_at TEXT NOT NULL, deactivated_at TEXT) STRICT;
CREATE TABLE teams (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, created_at TEXT NOT NULL) STRICT;
CREATE TABLE team_members (
    team_id INTEGER NOT NULL REFERENCES teams (id) ON DELETE CASCADE,
    user_id INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    role TEXT NOT NULL CHECK (role IN ('member', 'lead')), joined_at TEXT NOT NULL,
    PRIMARY KEY (team_id, user_id)) STRICT, WITHOUT ROWID;
CREATE INDEX team_members_user ON team_members (user_id);
CREATE TABLE projects (
    id INTEGER PRIMARY KEY, key TEXT NOT NULL UNIQUE, name TEXT NOT NULL, team_id INTEGER NOT NULL REFERENCES teams (id),
    description TEXT, created_at TEXT NOT NULL, archived_at TEXT) STRICT;
CREATE INDEX projects_team ON projects (team_id);
CREATE TABLE milestones (
    id INTEGER PRIMARY KEY, project_id INTEGER NOT NULL REFERENCES projects (id) ON DELETE CASCADE, name TEXT NOT NULL,
    due_on TEXT, UNIQUE (project_id, name)) STRICT;
CREATE TABLE labels (
    id INTEGER PRIMARY KEY, project_id INTEGER NOT NULL REFERENCES projects (id) ON DELETE CASCADE, name TEXT NOT NULL,
    color TEXT NOT NULL CHECK (length(color) = 7), UNIQUE (project_id, name)) STRICT;
CREATE TABLE tickets (
    id INTEGER PRIMARY KEY, project_id INTEGER NOT NULL REFERENCES projects (id) ON DELETE CASCADE,
    number INTEGER NOT NULL CHECK (number > 0), title TEXT NOT NULL, body TEXT NOT NULL,
    status TEXT NOT NULL DEFAULT 'open' CHECK (status IN ('open', 'in_progress', 'resolved', 'closed')),
    priority INTEGER NOT NULL DEFAULT 3 CHECK (priority BETWEEN 1 AND 5),
    reporter_id INTEGER NOT NULL REFERENCES users (id), assignee_id INTEGER REFERENCES users (id) ON DELETE SET NULL,
    milestone_id INTEGER REFERENCES milestones (id) ON DELETE SET NULL,
    parent_id INTEGER REFERENCES tickets (id) ON DELETE SET NULL,
    created_at TEXT NOT NULL, updated_at TEXT NOT NULL, resolved_at TEXT,
    UNIQUE (project_id, number), CHECK ((resolved_at IS NOT NULL) = (status IN ('resolved', 'closed')))) STRICT;
CREATE INDEX tickets_status ON tickets (status, created_at);
CREATE INDEX tickets_reporter ON tickets (reporter_id, created_at);
CREATE INDEX tickets_assignee ON tickets (assignee_id, created_at);
CREATE INDEX tickets_milestone ON tickets (milestone_id);
CREATE INDEX tickets_parent ON tickets (parent_id);
CREATE TABLE ticket_labels (
    ticket_id INTEGER NOT NULL REFERENCES tickets (id) ON DELETE CASCADE,
    label_id INTEGER NOT NULL REFERENCES labels (id) ON DELETE CASCADE, PRIMARY KEY (ticket_id, label_id)) STRICT, WITHOUT ROWID;
CREATE INDEX ticket_labels_label ON ticket_labels (label_id);
CREATE TABLE ticket_status_log (
    ticket_id INTEGER NOT NULL REFERENCES tickets (id) ON DELETE CASCADE, sequence INTEGER NOT NULL,
    status TEXT NOT NULL CHECK (status IN ('open', 'in_progress', 'resolved', 'closed')),
    changed_by INTEGER NOT NULL REFERENCES users (id), changed_at TEXT NOT NULL,
    PRIMARY KEY (ticket_id, sequence)) STRICT, WITHOUT ROWID;
CREATE INDEX ticket_status_log_by ON ticket_status_log (changed_by);
CREATE TABLE comments (
    id INTEGER PRIMARY KEY, ticket_id INTEGER NOT NULL REFERENCES tickets (id) ON DELETE CASCADE,
    author_id INTEGER NOT NULL REFERENCES users (id), body TEXT NOT NULL, created_at TEXT NOT NULL, edited_at TEXT) STRICT;
CREATE INDEX comments_ticket ON comments (ticket_id, created_at);
CREATE INDEX comments_author ON comments (author_id, created_at);
CREATE TABLE attachments (
    id INTEGER PRIMARY KEY, comment_id INTEGER NOT NULL REFERENCES comments (id) ON DELETE CASCADE,
    file_name TEXT NOT NULL, media_type TEXT NOT NULL, size_bytes INTEGER NOT NULL CHECK (size_bytes >= 0),
    sha256 BLOB NOT NULL CHECK (length(sha256) = 32), created_at TEXT NOT NULL) STRICT;
CREATE INDEX attachments_comment ON attachments (comment_id);
CREATE INDEX attachments_sha256 ON attachments (sha256);
CREATE TABLE watchers (
    ticket_id INTEGER NOT NULL REFERENCES tickets (id) ON DELETE CASCADE,
    user_id INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE, since TEXT NOT NULL,
    PRIMARY KEY (ticket_id, user_id)) STRICT, WITHOUT ROWID;
CREATE INDEX watchers_user ON watchers (user_id);
CREATE TABLE ticket_links (
    from_id INTEGER NOT NULL REFERENCES tickets (id) ON DELETE CASCADE,
    to_id INTEGER NOT NULL REFERENCES tickets (id) ON DELETE CASCADE,
    kind TEXT NOT NULL CHECK (kind IN ('blocks', 'duplicates', 'relates')),
    PRIMARY KEY (from_id, to_id, kind), CHECK (from_id <> to_id)) STRICT, WITHOUT ROWID;
CREATE INDEX ticket_links_to ON ticket_links (to_id);
CREATE TABLE time_entries (
    id INTEGER PRIMARY KEY, ticket_id INTEGER NOT NULL REFERENCES tickets (id) ON DELETE CASCADE,
    user_id INTEGER NOT NULL REFERENCES users (id), started_at TEXT NOT NULL, ended_at TEXT NOT NULL,
    minutes INTEGER NOT NULL CHECK (minutes >= 0), note TEXT, CHECK (ended_at >= started_at)) STRICT;
CREATE INDEX time_entries_ticket ON time_entries (ticket_id);
CREATE INDEX time_entries_user ON time_entries (user_id, started_at);
CREATE TABLE saved_filters (
    id INTEGER PRIMARY KEY, user_id INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE, name TEXT NOT NULL,
    definition TEXT NOT NULL CHECK (json_valid(definition)), UNIQUE (user_id, name)) STRICT;
CREATE VIEW open_tickets AS SELECT id, project_id, number, title FROM tickets WHERE status IN ('open', 'in_progress');
"""

POSTGRES = (
    SQLITE.replace(" STRICT, WITHOUT ROWID;", ";").replace(" STRICT;", ";")
    .replace("is_admin INTEGER NOT NULL DEFAULT 0 CHECK (is_admin IN (0, 1))", "is_admin boolean NOT NULL DEFAULT false")
    .replace("BLOB", "bytea").replace("definition TEXT NOT NULL CHECK (json_valid(definition))", "definition jsonb NOT NULL")
    .replace("due_on TEXT", "due_on date").replace("id INTEGER PRIMARY KEY", "id bigint GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY")
    .replace("version INTEGER PRIMARY KEY", "version bigint PRIMARY KEY")
)
for _name in ("created_at", "updated_at", "deactivated_at", "joined_at", "archived_at", "resolved_at", "changed_at", "edited_at",
              "since", "started_at", "ended_at", "applied_at"):
    POSTGRES = POSTGRES.replace(f"{_name} TEXT", f"{_name} timestamptz")
for _name in ("team_id", "user_id", "project_id", "reporter_id", "assignee_id", "milestone_id", "parent_id", "ticket_id",
              "label_id", "changed_by", "author_id", "comment_id", "from_id", "to_id"):
    POSTGRES = POSTGRES.replace(f"{_name} INTEGER", f"{_name} bigint")

WORDS = ("login page export report search index queue mailer crash slow timeout button label import archive filter theme "
         "session backup restore quota invoice token upload preview editor sidebar").split()


def stamp(moment):
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def sentence(rng, low, high):
    return " ".join(rng.choice(WORDS) for _ in range(rng.randint(low, high))).capitalize()


def people(rng):
    first = "Ada Ben Cleo Dan Eva Finn Gita Hugo Ines Jon Kim Lea Max Nia Otto Pia Quin Rosa Sam Tea".split()
    last = "Abel Bode Curie Diaz Euler Frey Gauss Hahn Ito Jung Kahn Lie Moll Noor Ohm Penn".split()
    for n in range(1, 121):
        name = f"{rng.choice(first)} {rng.choice(last)}"
        made = NOW - timedelta(days=rng.randint(200, 900), seconds=rng.randint(0, 86000))
        changed = made + timedelta(days=rng.randint(0, 150), seconds=rng.randint(0, 3000))
        gone = stamp(NOW - timedelta(days=rng.randint(1, 40), seconds=n)) if rng.random() < 0.1 else None
        yield (n, f"{name.lower().replace(' ', '.')}.{n}@example.org", name, rng.randbytes(48), rng.choice(["en", "en", "de", "fr", "ja"]),
               int(n <= 5), stamp(made), stamp(changed), gone)


def tables(seed=7):
    """Rows of every table, in an order that its references allow."""
    rng = random.Random(seed)
    out = {"schema_migrations": [(n, stamp(NOW - timedelta(days=800 - n * 30))) for n in range(1, 9)]}
    out["users"] = list(people(rng))
    out["teams"] = [(n, f"Team {word}", stamp(NOW - timedelta(days=900 - n))) for n, word in enumerate(WORDS[:8], 1)]
    members = {(rng.randint(1, 8), user): rng.choice(["member", "member", "member", "lead"]) for user in range(1, 121) for _ in range(2)}
    out["team_members"] = [(t, u, role, stamp(NOW - timedelta(days=rng.randint(1, 190), minutes=u))) for (t, u), role in members.items()]
    out["projects"] = [(n, f"{word[:4].upper()}{n}", f"{word} service".capitalize(), rng.randint(1, 8),
                        sentence(rng, 6, 12) if n % 3 else None, stamp(NOW - timedelta(days=800 - n)),
                        stamp(NOW - timedelta(days=3)) if n == 7 else None) for n, word in enumerate(WORDS[:12], 1)]
    out["milestones"] = [(n, n % 12 + 1, f"{rng.choice(WORDS)} {n}", (NOW + timedelta(days=rng.randint(-200, 200))).strftime("%Y-%m-%d")
                          if rng.random() < 0.8 else None) for n in range(1, 49)]
    out["labels"] = [(n, n % 12 + 1, f"{rng.choice(WORDS)} {n}", f"#{rng.randrange(1 << 24):06x}") for n in range(1, 97)]
    numbers = dict.fromkeys(range(1, 13), 0)
    tickets, labels, log, comments, attachments, watchers, links, entries = ([] for _ in range(8))
    for n in range(1, 1501):
        project = rng.randint(1, 12)
        numbers[project] += 1
        made = NOW - timedelta(days=rng.randint(0, 700), seconds=rng.randint(0, 86000))
        steps = ["open", "in_progress", "resolved", "closed"][:rng.choice([1, 1, 2, 3, 4, 4, 4])]
        at, who = made, rng.randint(1, 120)
        for step, status in enumerate(steps):
            log.append((n, step, status, who if step == 0 else rng.randint(1, 120), stamp(at)))
            at += timedelta(minutes=rng.randint(5, 6000))
        changed = at
        tickets.append((n, project, numbers[project], sentence(rng, 3, 8), sentence(rng, 10, 60) + f" ({n}).", steps[-1], rng.randint(1, 5), who,
                        rng.randint(1, 120) if rng.random() < 0.7 else None, rng.choice([m[0] for m in out["milestones"] if m[1] == project])
                        if rng.random() < 0.5 else None, rng.randint(1, n - 1) if n > 1 and rng.random() < 0.2 else None,
                        stamp(made), stamp(changed), stamp(changed - timedelta(minutes=1)) if len(steps) > 2 else None))
        labels += [(n, label) for label in rng.sample([row[0] for row in out["labels"] if row[1] == project], rng.randint(0, 3))]
        watchers += [(n, user, stamp(made + timedelta(minutes=rng.randint(0, 900)))) for user in rng.sample(range(1, 121), rng.randint(0, 4))]
        for _ in range(rng.randint(0, 4)):
            written = made + timedelta(minutes=rng.randint(1, 20000))
            comments.append((len(comments) + 1, n, rng.randint(1, 120), sentence(rng, 5, 40) + f" [{len(comments)}]", stamp(written),
                             stamp(written + timedelta(minutes=rng.randint(1, 60))) if rng.random() < 0.15 else None))
            if rng.random() < 0.2:
                kind, ending = rng.choice([("image/png", "png"), ("text/plain", "log"), ("application/pdf", "pdf")])
                attachments.append((len(attachments) + 1, len(comments), f"{rng.choice(WORDS)}-{n}.{ending}", kind, rng.randint(100, 4_000_000),
                                    rng.randbytes(32), stamp(written)))
        if rng.random() < 0.4:
            begun, minutes = made + timedelta(minutes=rng.randint(10, 9000)), rng.randint(5, 300)
            entries.append((len(entries) + 1, n, rng.randint(1, 120), stamp(begun), stamp(begun + timedelta(minutes=minutes)), minutes,
                            sentence(rng, 2, 6) if rng.random() < 0.4 else None))
        if n > 10 and rng.random() < 0.1:
            links.append((n, rng.randint(1, n - 1), rng.choice(["blocks", "duplicates", "relates", "relates"])))
    out |= {"tickets": tickets, "ticket_labels": labels, "ticket_status_log": log, "comments": comments, "attachments": attachments,
            "watchers": watchers, "ticket_links": links, "time_entries": entries}
    out["saved_filters"] = [(n, rng.randint(1, 120), f"{rng.choice(WORDS)} {n}",
                             json.dumps({"status": rng.sample(["open", "in_progress", "closed"], 2), "priority": rng.randint(1, 5), "text": rng.choice(WORDS)}))
                            for n in range(1, 151)]
    return out
