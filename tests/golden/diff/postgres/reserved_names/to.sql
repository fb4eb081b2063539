CREATE TABLE "user" ("default" INTEGER PRIMARY KEY, "references" TEXT, "unique" TEXT UNIQUE);
CREATE TABLE "table" ("check" INTEGER REFERENCES "user" ("default") ON DELETE CASCADE);
