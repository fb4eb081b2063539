CREATE TABLE users (
    id INTEGER PRIMARY KEY,
    email TEXT NOT NULL
);
CREATE EXTENSION pg_trgm;
CREATE INDEX users_like ON users USING gin (email gin_trgm_ops);
