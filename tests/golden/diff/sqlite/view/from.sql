CREATE TABLE users (
    id INTEGER PRIMARY KEY,
    email TEXT NOT NULL
);
INSERT INTO users VALUES (1, 'ann@example.com'), (2, 'bob@example.com');

CREATE VIEW mails AS SELECT id, email FROM users;
CREATE VIEW first_mails AS SELECT email FROM mails WHERE id < 10;
CREATE VIEW untouched AS SELECT count(*) AS n FROM users;
