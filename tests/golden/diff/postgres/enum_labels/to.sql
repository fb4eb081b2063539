CREATE TYPE mood AS ENUM ('sad', 'fine', 'happy', 'glad');
CREATE TYPE size AS ENUM ('s', 'm', 'l');
CREATE TABLE t (id INTEGER PRIMARY KEY, m mood NOT NULL DEFAULT 'sad', s size);
