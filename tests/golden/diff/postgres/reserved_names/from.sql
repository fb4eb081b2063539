CREATE TABLE "user" ("default" INTEGER PRIMARY KEY, "references" TEXT);
CREATE TABLE "table" ("check" INTEGER REFERENCES "user" ("default"));
INSERT INTO "user" VALUES (1, 'a');
INSERT INTO "table" VALUES (1);
