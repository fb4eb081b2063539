CREATE VIRTUAL TABLE search USING fts5(title, body UNINDEXED, tokenize = 'porter');

CREATE TABLE t (
    id INTEGER PRIMARY KEY
);
