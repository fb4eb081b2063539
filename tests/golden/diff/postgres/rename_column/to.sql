CREATE TABLE users (id INTEGER PRIMARY KEY, email TEXT NOT NULL, n INTEGER, CHECK (length(email) > 3));
CREATE UNIQUE INDEX users_mail ON users (lower(email)) WHERE n > 0;
