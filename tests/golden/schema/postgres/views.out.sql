
CREATE TABLE t (
    a integer,
    b text
);


CREATE VIEW z_first (a, c) AS
 SELECT t.a,
    t.b AS c
   FROM t
  WHERE (t.a > 1);

CREATE VIEW a_second (c) AS
 SELECT z_first.c
   FROM z_first;

CREATE MATERIALIZED VIEW m (c, n) AS
 SELECT a_second.c,
    count(*) AS n
   FROM a_second
  GROUP BY a_second.c;
CREATE UNIQUE INDEX m_c ON m (c);

CREATE VIEW safe (a) WITH (security_barrier=true) AS
 SELECT t.a
   FROM t;
COMMENT ON VIEW safe IS 'for all';
