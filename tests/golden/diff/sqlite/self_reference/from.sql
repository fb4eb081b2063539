CREATE TABLE nodes (id INTEGER PRIMARY KEY, parent INTEGER, name TEXT);
INSERT INTO nodes VALUES (1, NULL, 'root'), (2, 1, 'leaf');
