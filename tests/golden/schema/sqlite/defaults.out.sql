CREATE TABLE t (
    a INTEGER DEFAULT 0,
    b INTEGER DEFAULT -1,
    c REAL DEFAULT +1.5e3,
    d TEXT DEFAULT 'it''s',
    e TEXT DEFAULT CURRENT_TIMESTAMP,
    f TEXT DEFAULT (datetime('now', 'localtime')),
    g BLOB DEFAULT x'00ff',
    h INTEGER DEFAULT NULL,
    i BOOLEAN DEFAULT TRUE,
    j TEXT DEFAULT word,
    k TEXT DEFAULT "quoted",
    l INTEGER DEFAULT 7,
    m TEXT DEFAULT ('a' || 'b'),
    n TEXT DEFAULT 'NULL'
);
