
CREATE TABLE "select" (
    "from" text,
    "a b" integer NOT NULL,
    "double""quote" text,
    "Upper" text,
    "comma," text,
    "par(en" integer,
    CONSTRAINT select_pkey PRIMARY KEY ("a b"),
    CONSTRAINT "select_double""quote_key" UNIQUE ("double""quote"),
    CONSTRAINT "select_Upper_check" CHECK ("Upper" <> ''::text)
);
COMMENT ON COLUMN "select"."from" IS 'it''s "so"';

CREATE INDEX "in dex" ON "select" ("from", lower("Upper"));
ALTER TABLE "select" ADD CONSTRAINT "select_par(en_fkey" FOREIGN KEY ("par(en") REFERENCES "select" ("a b");
