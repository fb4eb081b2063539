
CREATE TABLE big (
    a text,
    b bytea
);
ALTER TABLE big ALTER COLUMN b SET STORAGE EXTERNAL;

CREATE TABLE none ();

CREATE UNLOGGED TABLE u (
    a integer
) WITH (fillfactor=50);

