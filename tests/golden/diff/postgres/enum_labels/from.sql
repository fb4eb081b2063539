CREATE TYPE mood AS ENUM ('sad', 'happy');
CREATE TYPE size AS ENUM ('s', 'm', 'xl');
CREATE TABLE t (id INTEGER PRIMARY KEY, m mood NOT NULL DEFAULT 'sad', s size);
INSERT INTO t VALUES (1, 'happy', 'm'), (2, 'sad', NULL);
