SET check_function_bodies = off;

CREATE OR REPLACE FUNCTION public.twice(n integer)
 RETURNS integer
 LANGUAGE sql
 IMMUTABLE
AS $function$SELECT n * 2$function$
;

CREATE TABLE t (
    a integer DEFAULT twice(4),
    CONSTRAINT t_a_check CHECK (twice(a) > 0)
);

CREATE INDEX t_twice ON t (twice(a));

CREATE OR REPLACE FUNCTION public.all_t()
 RETURNS SETOF t
 LANGUAGE sql
 STABLE
AS $function$SELECT * FROM t$function$
;

CREATE OR REPLACE PROCEDURE public.clean()
 LANGUAGE sql
AS $procedure$DELETE FROM t$procedure$
;

CREATE VIEW v (a) AS
 SELECT all_t.a
   FROM all_t() all_t(a);
