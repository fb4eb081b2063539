CREATE TABLE "my notes" (id INTEGER PRIMARY KEY, "it is" TEXT, "[31mred" TEXT NOT NULL);
