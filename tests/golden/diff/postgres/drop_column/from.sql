CREATE TABLE users (id INTEGER PRIMARY KEY, email TEXT NOT NULL, old TEXT, n INTEGER);
CREATE INDEX users_old ON users (old);
INSERT INTO users VALUES (1, 'a', 'x', 1), (2, 'b', NULL, 2);
