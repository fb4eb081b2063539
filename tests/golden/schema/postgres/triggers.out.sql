SET check_function_bodies = off;

CREATE TABLE t (
    a integer,
    b timestamp with time zone
);


CREATE OR REPLACE FUNCTION public.touch()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$ BEGIN new.b := now(); RETURN new; END $function$
;

CREATE VIEW v (a) AS
 SELECT t.a
   FROM t;

CREATE TRIGGER t_off AFTER INSERT ON t FOR EACH STATEMENT EXECUTE FUNCTION touch();
ALTER TABLE t DISABLE TRIGGER t_off;

CREATE TRIGGER t_touch BEFORE UPDATE OF a ON t FOR EACH ROW WHEN (old.a IS DISTINCT FROM new.a) EXECUTE FUNCTION touch();

CREATE TRIGGER v_insert INSTEAD OF INSERT ON v FOR EACH ROW EXECUTE FUNCTION touch();
