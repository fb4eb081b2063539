
CREATE TABLE t (
    a integer,
    b text
);
COMMENT ON TABLE t IS 'a table''s
comment';
COMMENT ON COLUMN t.b IS 'b';

