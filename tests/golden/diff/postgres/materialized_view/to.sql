CREATE TABLE users (
    id INTEGER PRIMARY KEY,
    email TEXT NOT NULL
);

CREATE MATERIALIZED VIEW mails AS SELECT id, lower(email) AS email FROM users;
CREATE UNIQUE INDEX mails_id ON mails (id);
CREATE INDEX mails_email ON mails (email);
CREATE VIEW over AS SELECT id FROM mails;
CREATE MATERIALIZED VIEW kept AS SELECT id FROM users;
CREATE INDEX kept_id ON kept (id);
