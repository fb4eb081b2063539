CREATE TABLE users (
    id INTEGER PRIMARY KEY,
    email TEXT NOT NULL
);
INSERT INTO users VALUES (1, 'ann@example.com'), (2, 'bob@example.com');
CREATE INDEX users_email ON users (email);
CREATE VIEW v AS SELECT id FROM users;
