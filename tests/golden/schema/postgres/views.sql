CREATE TABLE t (a integer, b text);
CREATE VIEW z_first AS SELECT a, b AS c FROM t WHERE a > 1;
CREATE VIEW a_second AS SELECT c FROM z_first;
CREATE MATERIALIZED VIEW m AS SELECT c, count(*) AS n FROM a_second GROUP BY c;
CREATE UNIQUE INDEX m_c ON m (c);
CREATE VIEW safe WITH (security_barrier = true) AS SELECT a FROM t;
COMMENT ON VIEW safe IS 'for all';
