CREATE TABLE users (
    id INTEGER PRIMARY KEY,
    email TEXT NOT NULL
);

CREATE VIEW mails AS SELECT id, lower(email) AS email FROM users;
CREATE VIEW first_mails AS SELECT email FROM mails WHERE id < 10;
CREATE VIEW untouched AS SELECT count(*) AS n FROM users;
