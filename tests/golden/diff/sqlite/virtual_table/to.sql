CREATE TABLE users (
    id INTEGER PRIMARY KEY,
    email TEXT NOT NULL
);

CREATE VIRTUAL TABLE words USING fts5(body, title);
CREATE VIRTUAL TABLE same USING fts5 (a, b);
CREATE VIRTUAL TABLE box USING rtree(id, x1, x2);
