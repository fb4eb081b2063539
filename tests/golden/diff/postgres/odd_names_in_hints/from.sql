CREATE TABLE "my notes" (id INTEGER PRIMARY KEY, "it's" TEXT, "[31mred" TEXT);
INSERT INTO "my notes" VALUES (1, 'a', 'b');
