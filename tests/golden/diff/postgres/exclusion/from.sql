CREATE TABLE rooms (id INTEGER PRIMARY KEY, during INT4RANGE, EXCLUDE USING gist (during WITH &&));
INSERT INTO rooms VALUES (1, '[1,3)'), (2, '[5,7)');
