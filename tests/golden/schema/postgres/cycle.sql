CREATE TABLE a (id integer PRIMARY KEY, b_id integer, self_id integer REFERENCES a (id));
CREATE TABLE b (id integer PRIMARY KEY, a_id integer NOT NULL REFERENCES a (id));
ALTER TABLE a ADD FOREIGN KEY (b_id) REFERENCES b (id) ON DELETE SET NULL;
