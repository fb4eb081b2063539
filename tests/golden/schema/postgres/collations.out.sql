
CREATE TABLE t (
    a text COLLATE "C",
    b character varying(5) COLLATE "POSIX" NOT NULL
);

CREATE INDEX t_a ON t (a COLLATE "POSIX", b);
