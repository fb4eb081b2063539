CREATE TABLE users (id INTEGER PRIMARY KEY, mail TEXT NOT NULL, n INTEGER, CHECK (length(mail) > 3));
CREATE UNIQUE INDEX users_mail ON users (lower(mail)) WHERE n > 0;
INSERT INTO users VALUES (1, 'ann@x', 1), (2, 'bob@x', 2);
