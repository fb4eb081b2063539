"""Generated migrations on grown databases with rows: there and back, every row, rowid and counter as before."""

import re
import subprocess
import sys

import pytest
from alter import Alteration
from databases import SqliteDatabase


def in_table(table, *edits):
    """An edit of a schema's text: (old, new) pairs, each found once in the table's statement."""

    def edit(text):
        start = re.search(rf'^CREATE TABLE "?{table}"? \(', text, re.MULTILINE).start()
        end = text.index("\n);", start) + 3
        statement = text[start:end]
        for old, new in edits:
            assert statement.count(old) == 1, f"{table}: {old}"
            statement = statement.replace(old, new)
        return text[:start] + statement + text[end:]

    return edit


def everywhere(pattern, replacement):
    def edit(text):
        assert re.search(pattern, text)
        return re.sub(pattern, replacement, text)

    return edit


def with_more(sql):
    return lambda text: text + "\n" + sql


# What is edited, and what is renamed by it.
CHANGES = {
    "orchestrator": [
        ([in_table("analysis_artifacts", ("(\n", "(\n    id INTEGER PRIMARY KEY,\n"),
                   ("content TEXT NOT NULL", "content TEXT NOT NULL CHECK (typeof(content) = 'text')"))], []),
        ([in_table("analysis_runs", ("analysis_id TEXT,", "analysis_id TEXT NOT NULL,"), ("payload TEXT", "input TEXT"),
                   (",\n    PRIMARY KEY", ",\n    started_at TEXT,\n    PRIMARY KEY")),
          everywhere("youtube_cache", "search_cache"),
          with_more("CREATE INDEX runs_created ON analysis_runs (status, created_at DESC);")],
         ["youtube_cache=search_cache", "analysis_runs.payload=input"]),
        ([in_table("youtube_video_metadata", (");", ") WITHOUT ROWID;"),
                   ("video_url TEXT,", "video_url TEXT NOT NULL,"))], []),
    ],
    "bitesize": [
        ([in_table("requests", ("    route_version INTEGER NOT NULL\n",
                                "    host TEXT GENERATED ALWAYS AS (substr(normalized_url, 1, 20)) STORED\n"),
                   ("(\n    id INTEGER PRIMARY KEY,\n",
                    "(\n    id INTEGER PRIMARY KEY AUTOINCREMENT,\n    route_version INTEGER NOT NULL DEFAULT 1,\n"))], []),
        ([in_table("summaries", ("json_payload", "payload"), ("ON DELETE CASCADE", "ON DELETE RESTRICT")),
          in_table("users", ("username TEXT", "username TEXT COLLATE NOCASE")),
          everywhere("crawl_results", "crawls")],
         ["summaries.json_payload=payload", "crawl_results=crawls"]),
    ],
    "digester": [
        ([in_table("videos", ("    title VARCHAR(255),\n", ""),
                   ("    last_processed TIMESTAMP", "    title TEXT,\n    last_processed TIMESTAMP"),
                   ("processed BOOLEAN NOT NULL", "processed BOOLEAN NOT NULL DEFAULT 0")),
          everywhere(r"CREATE INDEX ix_videos_id .*\n", ""),
          with_more("CREATE INDEX ix_videos_channel ON videos (channel_id, upload_date) WHERE channel_id IS NOT NULL;")], []),
    ],
    "digester3nf": [
        ([everywhere(r"\bvideos \(", "recordings ("), everywhere(r"\bvideo_id\b", "recording_id")],
         ["videos=recordings"] + [f"{table}.video_id=recording_id" for table in (
             "digest_interactions", "digests", "processing_logs", "transcripts")]),
        ([in_table("channels", ("last_updated TIMESTAMP DEFAULT CURRENT_TIMESTAMP", "last_updated TIMESTAMP")),
          in_table("videos", ("ON DELETE CASCADE", "ON DELETE CASCADE ON UPDATE CASCADE DEFERRABLE INITIALLY DEFERRED")),
          in_table("digests", ("extra_data JSON", "extra_data JSON CHECK (length(extra_data) > 0)"))], []),
    ],
    "gravity": [
        ([everywhere('"user"', "account")], ["user=account"]),
        ([in_table("chunk", ("REFERENCES document (id)", "REFERENCES document (id) ON DELETE CASCADE")),
          in_table("framework_versions", ("usage_count INTEGER", "usage_count INTEGER DEFAULT 0"),
                   ("    PRIMARY KEY (id),", "    CHECK (id <> parent_version_id),\n    PRIMARY KEY (id),")),
          in_table("alembic_version", (");", ") STRICT;"), ("VARCHAR(32)", "TEXT"))], []),
    ],
    "amelia": [
        ([in_table("profiles", ("id TEXT,", "id TEXT NOT NULL,"),
                   ("is_active INTEGER NOT NULL DEFAULT 0",
                    "is_active INTEGER NOT NULL DEFAULT 0 CHECK (is_active IN (0, 1))")),
          with_more("CREATE UNIQUE INDEX one_active ON profiles (is_active) WHERE is_active = 1;")], []),
        ([in_table("workflows", ("(\n    id TEXT,", "(\n    id TEXT NOT NULL,"), ("    issue_cache TEXT,\n", ""),
                   ("    plan_cache TEXT,", "    issue_cache TEXT,\n    plan_cache TEXT,")),
          in_table("events", ("message TEXT", "text TEXT")),
          everywhere("brainstorm_", "chat_")],
         ["events.message=text"] + [f"brainstorm_{what}=chat_{what}" for what in ("artifacts", "messages", "sessions")]),
    ],
}


@pytest.mark.parametrize("name", CHANGES)
def test_changes_of_a_legacy_database_there_and_back(name, legacy, keel, tmp_path):
    database = SqliteDatabase(tmp_path / f"{name}.db")
    subprocess.run([sys.executable, legacy / "fill.py", name, database.path], check=True, stdout=subprocess.DEVNULL)
    schema = keel("schema", database.url).stdout
    alteration = Alteration(keel, database, tmp_path / "migrations")
    for edits, renames in CHANGES[name]:
        text = schema
        for edit in edits:
            text = edit(text)
        alteration.there_and_back(text, [rename.split("=") for rename in renames])
