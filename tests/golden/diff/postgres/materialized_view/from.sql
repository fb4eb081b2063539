CREATE TABLE users (
    id INTEGER PRIMARY KEY,
    email TEXT NOT NULL
);
INSERT INTO users VALUES (1, 'ann@example.com'), (2, 'bob@example.com');

CREATE MATERIALIZED VIEW mails AS SELECT id, email FROM users;
CREATE UNIQUE INDEX mails_id ON mails (id);
CREATE VIEW over AS SELECT id FROM mails;
CREATE MATERIALIZED VIEW kept AS SELECT id FROM users;
