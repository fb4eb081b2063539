
CREATE TABLE t (
    a integer DEFAULT 0,
    b text DEFAULT 'it''s'::text,
    c timestamp with time zone DEFAULT now(),
    d timestamp with time zone DEFAULT CURRENT_TIMESTAMP,
    e jsonb DEFAULT '{}'::jsonb,
    f integer DEFAULT (1 + 2),
    g boolean DEFAULT true,
    h text,
    i numeric DEFAULT '-1.5'::numeric,
    j text[] DEFAULT '{}'::text[],
    k uuid DEFAULT gen_random_uuid()
);

