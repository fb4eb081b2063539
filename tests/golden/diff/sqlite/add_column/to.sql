CREATE TABLE users (
    id INTEGER PRIMARY KEY,
    email TEXT NOT NULL,
    age INTEGER,
    state TEXT NOT NULL DEFAULT 'new'
);
