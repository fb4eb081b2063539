CREATE TABLE t (id INTEGER PRIMARY KEY, body TEXT NOT NULL DEFAULT '{}', kind TEXT GENERATED ALWAYS AS (json_extract(body, '$.kind')) STORED, n INTEGER AS (length(body)));
