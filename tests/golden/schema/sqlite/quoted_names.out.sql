CREATE TABLE "select" (
    "from" TEXT,
    "a b" TEXT,
    "back`tick" TEXT,
    "double""quote" TEXT,
    single TEXT,
    "Upper" TEXT,
    "semi;colon" TEXT,
    "comma," TEXT,
    "par(en" TEXT,
    UNIQUE ("a b", "back`tick")
);
CREATE INDEX "in dex" ON "select" ("from", "double""quote");
