CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT DEFAULT 'x', n INTEGER CHECK (n > 0), boss INTEGER REFERENCES users);
CREATE INDEX users_name ON users (name) WHERE n > 1;
INSERT INTO users VALUES (1, 'a', 1, NULL), (2, 'b', 2, 1);
