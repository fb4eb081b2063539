CREATE TABLE "order" ("select" INTEGER PRIMARY KEY, "group by" TEXT NOT NULL, "a""b" TEXT DEFAULT '"', "Größe" INTEGER, "from" TEXT, CHECK ("group by" <> 'x y'));
CREATE INDEX "where" ON "order" ("a""b", "group by");
CREATE TABLE "Odd Name;--" ("it's" INTEGER NOT NULL REFERENCES "order" ("select"));
