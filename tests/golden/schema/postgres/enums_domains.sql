CREATE TYPE mood AS ENUM ('sad', 'it''s ok', 'happy');
COMMENT ON TYPE mood IS 'of a person';
CREATE DOMAIN positive AS integer DEFAULT 1 NOT NULL CONSTRAINT over_zero CHECK (VALUE > 0);
CREATE DOMAIN code AS varchar(8) COLLATE "C";
CREATE TABLE t (m mood DEFAULT 'sad', ms mood[], p positive, c code);
