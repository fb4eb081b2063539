-- name: price_stamp
-- Changes whenever a price is added: none is ever changed or removed.
-- params: none
-- returns: count int, last int
SELECT count(*), coalesce(max(id), 0) FROM model_prices;

-- name: price_all
-- params: none
-- returns: id int, provider text, model text, valid_from time, version int, input money, output money
-- returns: cache_read money, cache_creation money, reasoning money, source text
SELECT id, provider, model, valid_from, version, input_price, output_price, cache_read_price,
       cache_creation_price, reasoning_price, source
  FROM model_prices ORDER BY provider, model, valid_from, version;

-- name: price_lock
-- Lets one transaction at a time add prices. SQLite has no two writers.
-- params: none
-- postgres:
LOCK TABLE model_prices IN SHARE ROW EXCLUSIVE MODE;

-- name: price_add
-- params: provider text, model text, valid_from time, version int, input money, output money
-- params: cache_read money, cache_creation money, reasoning money, source text, created_at time
-- sqlite:
INSERT INTO model_prices (provider, model, valid_from, version, input_price, output_price, cache_read_price,
                          cache_creation_price, reasoning_price, source, created_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11);
-- postgres:
INSERT INTO model_prices (provider, model, valid_from, version, input_price, output_price, cache_read_price,
                          cache_creation_price, reasoning_price, source, created_at)
SELECT * FROM unnest($1::text[], $2::text[], $3::timestamptz[], $4::int[], $5::numeric[], $6::numeric[],
                     $7::numeric[], $8::numeric[], $9::numeric[], $10::text[], $11::timestamptz[]);

-- name: price_seeded
-- Whether the price table of a version that keel is shipped with, or a later one, has been imported.
-- params: version text
-- returns: id int
SELECT id FROM audit_log
 WHERE object_type = 'price_document' AND object_id >= $1 AND action = 'price.seed' ORDER BY id LIMIT 1;
