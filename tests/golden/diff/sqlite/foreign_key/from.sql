CREATE TABLE users (
    id INTEGER PRIMARY KEY,
    email TEXT NOT NULL
);
INSERT INTO users VALUES (1, 'ann@example.com'), (2, 'bob@example.com');

CREATE TABLE logins (id INTEGER PRIMARY KEY, user_id INTEGER, old_id INTEGER REFERENCES users (id));
INSERT INTO logins VALUES (1, 1, 2), (2, NULL, NULL);
