CREATE TABLE orders (id INTEGER PRIMARY KEY, price INTEGER NOT NULL, amount INTEGER NOT NULL, total INTEGER GENERATED ALWAYS AS (price * amount) STORED, plain INTEGER);
CREATE INDEX orders_total ON orders (total);
INSERT INTO orders (id, price, amount, plain) VALUES (1, 2, 3, 9), (2, 5, 7, NULL);
