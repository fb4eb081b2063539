CREATE TABLE a (id serial PRIMARY KEY, b bigserial, c smallserial);
CREATE SEQUENCE free START 7 INCREMENT 2 CYCLE;
CREATE TABLE d (n bigint DEFAULT nextval('free'));
