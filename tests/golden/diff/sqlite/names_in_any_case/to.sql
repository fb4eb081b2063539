CREATE TABLE users (id INTEGER PRIMARY KEY, email TEXT CHECK (EMAIL <> ''));
CREATE INDEX users_email ON USERS (email);
