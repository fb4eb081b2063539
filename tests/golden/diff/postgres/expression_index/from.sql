CREATE TABLE users (id INTEGER PRIMARY KEY, email TEXT);
CREATE INDEX by_email ON users (lower(email));
INSERT INTO users VALUES (1, 'A'), (2, 'b');
