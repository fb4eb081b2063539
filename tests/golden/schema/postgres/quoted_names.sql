CREATE TABLE "select" ("from" text, "a b" integer PRIMARY KEY, "double""quote" text UNIQUE, "Upper" text CHECK ("Upper" <> ''), "comma," text, "par(en" integer REFERENCES "select" ("a b"));
CREATE INDEX "in dex" ON "select" ("from", lower("Upper"));
COMMENT ON COLUMN "select"."from" IS 'it''s "so"';
