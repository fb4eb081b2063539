CREATE TABLE users (
    id INTEGER PRIMARY KEY,
    email TEXT NOT NULL
);
INSERT INTO users VALUES (1, 'ann@example.com'), (2, 'bob@example.com');

CREATE VIRTUAL TABLE words USING fts5(body);
CREATE VIRTUAL TABLE same USING fts5 (a, b);
INSERT INTO words VALUES ('hello world');
INSERT INTO same VALUES ('x', 'y');
