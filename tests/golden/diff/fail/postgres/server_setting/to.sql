CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT, b TEXT);
alter system SET work_mem = '1MB';
