CREATE TABLE "t 2" (
    "a new" INTEGER,
    b TEXT NOT NULL DEFAULT 'x',
    c INTEGER,
    CHECK ("a new" > 0),
    FOREIGN KEY (c) REFERENCES "t 2" ("a new")
);
