
CREATE TABLE none ();

CREATE UNLOGGED TABLE u (
    a integer
) WITH (fillfactor=50);

