CREATE TABLE "🐢" (id INTEGER PRIMARY KEY, "two
lines" TEXT);
INSERT INTO "🐢" VALUES (1, 'a'), (2, 'b');
