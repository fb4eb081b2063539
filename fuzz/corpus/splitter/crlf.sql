CREATE TABLE a (b text DEFAULT 'x;
y');

INSERT INTO a VALUES (1.5e-3, 0xff, .5);
