
CREATE TABLE "tab🎉le
line" (
    "çol" text,
    "空" integer NOT NULL,
    "back\slash" text,
    CONSTRAINT "tab🎉le
line_pkey" PRIMARY KEY ("空")
);


CREATE VIEW "v'iew" ("x
y") AS
 SELECT "tab🎉le
line"."空" AS "x
y"
   FROM "tab🎉le
line";
