CREATE TABLE "t(1" (
    a INTEGER,
    b CHECK (b < 9) CONSTRAINT y CHECK (b > 0),
    "key" TEXT,
    "action" VARCHAR ( 10 , 2 ) NOT NULL DEFAULT - 5,
    "generated" DECIMAL(5, -2) COLLATE nocase,
    CONSTRAINT z UNIQUE (a COLLATE nocase),
    CHECK (1),
    FOREIGN KEY (b) REFERENCES "t(1" DEFERRABLE INITIALLY DEFERRED
);
CREATE INDEX i ON "t(1" (a, ("action" || 'x') COLLATE binary, "no such column");
