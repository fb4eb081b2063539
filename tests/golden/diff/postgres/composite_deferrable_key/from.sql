CREATE TABLE parts (maker TEXT NOT NULL, number INTEGER NOT NULL, PRIMARY KEY (maker, number));
CREATE TABLE uses (id INTEGER PRIMARY KEY, maker TEXT, number INTEGER, FOREIGN KEY (maker, number) REFERENCES parts (maker, number));
INSERT INTO parts VALUES ('a', 1), ('a', 2);
INSERT INTO uses VALUES (1, 'a', 2), (2, NULL, NULL);
