CREATE TABLE "tab🎉le
line" ("çol" text, "空" integer PRIMARY KEY, "back\slash" text);
CREATE VIEW "v'iew" AS SELECT "空" AS "x
y" FROM "tab🎉le
line";
