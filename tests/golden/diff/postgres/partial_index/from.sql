CREATE TABLE jobs (id INTEGER PRIMARY KEY, state TEXT NOT NULL, kind TEXT);
CREATE UNIQUE INDEX one_active ON jobs (kind) WHERE state = 'active';
INSERT INTO jobs VALUES (1, 'active', 'a'), (2, 'done', 'a');
