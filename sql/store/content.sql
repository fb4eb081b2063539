-- name: content_find
-- Which contents there are.
-- params: hash bytes
-- returns: ordinal int
-- sqlite:
SELECT 0 FROM contents WHERE hash = $1;
-- postgres:
SELECT n.ordinal FROM unnest($1::bytea[]) WITH ORDINALITY AS n (hash, ordinal)
  JOIN contents c ON c.hash = n.hash;

-- name: content_insert
-- params: hash bytes, size int, encoding text, bytes bytes, created_at time
-- sqlite:
INSERT INTO contents (hash, size, encoding, bytes, created_at) VALUES ($1, $2, $3, $4, $5)
ON CONFLICT DO NOTHING;
-- postgres:
INSERT INTO contents (hash, size, encoding, bytes, created_at)
SELECT * FROM unnest($1::bytea[], $2::int8[], $3::text[], $4::bytea[], $5::timestamptz[])
ON CONFLICT DO NOTHING;

-- name: content_read
-- params: hash bytes
-- returns: encoding text, size int, bytes bytes
SELECT encoding, size, bytes FROM contents WHERE hash = $1;
