CREATE TABLE users (
    id INTEGER PRIMARY KEY,
    email TEXT NOT NULL
);
INSERT INTO users VALUES (1, 'ann@example.com'), (2, 'bob@example.com');

CREATE VIEW v AS SELECT id, email FROM users;
CREATE TRIGGER v_insert INSTEAD OF INSERT ON v BEGIN INSERT INTO users VALUES (NEW.id, NEW.email); END;
