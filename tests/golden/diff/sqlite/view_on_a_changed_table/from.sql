CREATE TABLE users (id INTEGER PRIMARY KEY, email TEXT, n INTEGER, old TEXT);
CREATE VIEW mails AS SELECT id, email, n FROM users;
CREATE VIEW many AS SELECT n FROM mails WHERE n > 1;
INSERT INTO users VALUES (1, 'a', 1, 'o'), (2, 'b', 2, NULL);
