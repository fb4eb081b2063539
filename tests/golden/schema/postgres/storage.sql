CREATE UNLOGGED TABLE u (a integer) WITH (fillfactor = 50);
CREATE TABLE none ();
