CREATE TABLE t (id INTEGER PRIMARY KEY, body TEXT, kind TEXT GENERATED ALWAYS AS (json_extract(body, '$.kind')) VIRTUAL, n INTEGER AS (length(body)));
INSERT INTO t (id, body) VALUES (1, '{"kind": "a"}'), (2, '{}');
