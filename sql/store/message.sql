-- name: message_find
-- Which nodes there are.
-- params: hash bytes
-- returns: ordinal int
-- sqlite:
SELECT 0 FROM messages WHERE hash = $1;
-- postgres:
SELECT n.ordinal FROM unnest($1::bytea[]) WITH ORDINALITY AS n (hash, ordinal)
  JOIN messages m ON m.hash = n.hash;

-- name: message_insert
-- params: hash bytes, parent_hash bytes, role text, format text, content_hash bytes, depth int
-- sqlite:
INSERT INTO messages (hash, parent_hash, role, format, content_hash, depth)
VALUES ($1, $2, $3, $4, $5, $6)
ON CONFLICT DO NOTHING;
-- postgres:
INSERT INTO messages (hash, parent_hash, role, format, content_hash, depth)
SELECT * FROM unnest($1::bytea[], $2::bytea[], $3::text[], $4::text[], $5::bytea[], $6::int8[])
ON CONFLICT DO NOTHING;

-- name: message_walk
-- The last count nodes up to hash, the last one first; not beyond the node `until` (NULL: none).
-- params: hash bytes, count int, until bytes
-- returns: role text, format text, content_hash bytes
WITH RECURSIVE chain (place, hash, parent_hash, role, format, content_hash) AS (
    SELECT 1, hash, parent_hash, role, format, content_hash
      FROM messages
     WHERE hash = $1 AND $2 > 0 AND ($3 IS NULL OR hash <> $3)
    UNION ALL
    SELECT c.place + 1, m.hash, m.parent_hash, m.role, m.format, m.content_hash
      FROM chain c
      JOIN messages m ON m.hash = c.parent_hash
     WHERE c.place < $2 AND ($3 IS NULL OR m.hash <> $3)
)
SELECT role, format, content_hash FROM chain ORDER BY place;
