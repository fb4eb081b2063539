CREATE TABLE "tab🎉le
line" (
    "çol" TEXT,
    "空" INTEGER PRIMARY KEY,
    "tab	here" TEXT,
    FOREIGN KEY ("tab	here") REFERENCES "tab🎉le
line" ("空")
);

CREATE VIEW "v'iew" AS
SELECT "空" AS "x
y" FROM "tab🎉le
line";
