CREATE TABLE "order" ("select" INTEGER PRIMARY KEY, "group by" TEXT, "a""b" TEXT, "Größe" INTEGER, CHECK ("group by" <> ''));
CREATE INDEX "where" ON "order" ("group by", "a""b");
CREATE TABLE "Odd Name;--" ("it's" INTEGER REFERENCES "order" ("select"));
INSERT INTO "order" VALUES (1, 'x', 'y', 3), (2, 'z', NULL, NULL);
INSERT INTO "Odd Name;--" VALUES (1);
