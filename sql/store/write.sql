-- name: write_settings
-- Until the end of the transaction. PostgreSQL would plan the check of every single foreign key
-- anew where the table referred to has partitions, because a plan for one partition looks cheaper
-- than one for all; most of the time of an INSERT went there.
-- params: none
-- returns: value text
-- postgres:
SELECT set_config('plan_cache_mode', 'force_generic_plan', true);
