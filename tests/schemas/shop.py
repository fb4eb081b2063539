"""A shop: customers, goods, stock, orders, payments, shipments. A schema that an audit should have nothing to say against."""

import hashlib
import json
import random
from datetime import UTC, datetime, timedelta

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)

SQLITE = """
CREATE TABLE schema_migrations (version INTEGER PRIMARY KEY, applied_at TEXT NOT NULL) STRICT;
CREATE TABLE customers (
    id INTEGER PRIMARY KEY, email TEXT NOT NULL UNIQUE CHECK (email = lower(email)), full_name TEXT NOT NULL, phone TEXT,
    password_hash TEXT NOT NULL, newsletter INTEGER NOT NULL DEFAULT 0 CHECK (newsletter IN (0, 1)),
    locale TEXT NOT NULL DEFAULT 'en-GB', created_at TEXT NOT NULL, updated_at TEXT NOT NULL, last_login_at TEXT) STRICT;
CREATE TABLE addresses (
    id INTEGER PRIMARY KEY, customer_id INTEGER NOT NULL REFERENCES customers (id) ON DELETE CASCADE,
    kind TEXT NOT NULL CHECK (kind IN ('billing', 'shipping')), street TEXT NOT NULL, house_number TEXT NOT NULL,
    postal_code TEXT NOT NULL, city TEXT NOT NULL, country_code TEXT NOT NULL CHECK (length(country_code) = 2)) STRICT;
CREATE INDEX addresses_customer ON addresses (customer_id);
CREATE TABLE categories (
    id INTEGER PRIMARY KEY, parent_id INTEGER REFERENCES categories (id), slug TEXT NOT NULL UNIQUE, name TEXT NOT NULL,
    position INTEGER NOT NULL CHECK (position > 0), UNIQUE (parent_id, position)) STRICT;
CREATE TABLE products (
    id INTEGER PRIMARY KEY, sku TEXT NOT NULL UNIQUE, name TEXT NOT NULL, description TEXT NOT NULL, brand TEXT,
    state TEXT NOT NULL DEFAULT 'draft' CHECK (state IN ('draft', 'active', 'discontinued')),
    weight_grams INTEGER CHECK (weight_grams > 0), vat_percent INTEGER NOT NULL DEFAULT 20 CHECK (vat_percent BETWEEN 0 AND 30),
    attributes TEXT NOT NULL DEFAULT '{}' CHECK (json_valid(attributes)), created_at TEXT NOT NULL, updated_at TEXT NOT NULL) STRICT;
CREATE INDEX products_state ON products (state, created_at);
CREATE TABLE product_categories (
    product_id INTEGER NOT NULL REFERENCES products (id) ON DELETE CASCADE,
    category_id INTEGER NOT NULL REFERENCES categories (id), PRIMARY KEY (product_id, category_id)) STRICT, WITHOUT ROWID;
CREATE INDEX product_categories_category ON product_categories (category_id);
CREATE TABLE product_prices (
    product_id INTEGER NOT NULL REFERENCES products (id) ON DELETE CASCADE, currency TEXT NOT NULL CHECK (currency IN ('EUR', 'GBP')),
    valid_from TEXT NOT NULL, price_cents INTEGER NOT NULL CHECK (price_cents >= 0),
    PRIMARY KEY (product_id, currency, valid_from)) STRICT, WITHOUT ROWID;
CREATE TABLE warehouses (id INTEGER PRIMARY KEY, code TEXT NOT NULL UNIQUE, city TEXT NOT NULL, latitude REAL NOT NULL, longitude REAL NOT NULL) STRICT;
CREATE TABLE stock_levels (
    warehouse_id INTEGER NOT NULL REFERENCES warehouses (id), product_id INTEGER NOT NULL REFERENCES products (id) ON DELETE CASCADE,
    quantity INTEGER NOT NULL CHECK (quantity >= 0), counted_at TEXT NOT NULL, PRIMARY KEY (warehouse_id, product_id)) STRICT, WITHOUT ROWID;
CREATE INDEX stock_levels_product ON stock_levels (product_id);
CREATE TABLE coupons (
    id INTEGER PRIMARY KEY, code TEXT NOT NULL UNIQUE, discount_percent INTEGER NOT NULL CHECK (discount_percent BETWEEN 1 AND 100),
    valid_from TEXT NOT NULL, valid_until TEXT NOT NULL, max_uses INTEGER, CHECK (valid_until >= valid_from)) STRICT;
CREATE TABLE orders (
    id INTEGER PRIMARY KEY, order_number TEXT NOT NULL UNIQUE, customer_id INTEGER NOT NULL REFERENCES customers (id),
    billing_address_id INTEGER NOT NULL REFERENCES addresses (id), shipping_address_id INTEGER NOT NULL REFERENCES addresses (id),
    coupon_id INTEGER REFERENCES coupons (id),
    status TEXT NOT NULL DEFAULT 'pending' CHECK (status IN ('pending', 'paid', 'shipped', 'delivered', 'cancelled', 'refunded')),
    currency TEXT NOT NULL CHECK (currency IN ('EUR', 'GBP')), shipping_cents INTEGER NOT NULL DEFAULT 0 CHECK (shipping_cents >= 0),
    note TEXT CHECK (note <> ''), placed_at TEXT NOT NULL, updated_at TEXT NOT NULL) STRICT;
CREATE INDEX orders_customer ON orders (customer_id, placed_at);
CREATE INDEX orders_status ON orders (status, placed_at);
CREATE INDEX orders_billing ON orders (billing_address_id);
CREATE INDEX orders_shipping ON orders (shipping_address_id);
CREATE INDEX orders_coupon ON orders (coupon_id);
CREATE TABLE order_items (
    order_id INTEGER NOT NULL REFERENCES orders (id) ON DELETE CASCADE, line_number INTEGER NOT NULL CHECK (line_number > 0),
    product_id INTEGER NOT NULL REFERENCES products (id), quantity INTEGER NOT NULL CHECK (quantity > 0),
    unit_price_cents INTEGER NOT NULL CHECK (unit_price_cents >= 0), PRIMARY KEY (order_id, line_number)) STRICT, WITHOUT ROWID;
CREATE INDEX order_items_product ON order_items (product_id);
CREATE TABLE order_status_log (
    order_id INTEGER NOT NULL REFERENCES orders (id) ON DELETE CASCADE, sequence INTEGER NOT NULL,
    status TEXT NOT NULL CHECK (status IN ('pending', 'paid', 'shipped', 'delivered', 'cancelled', 'refunded')),
    changed_at TEXT NOT NULL, PRIMARY KEY (order_id, sequence)) STRICT, WITHOUT ROWID;
CREATE TABLE payments (
    id INTEGER PRIMARY KEY, order_id INTEGER NOT NULL REFERENCES orders (id), provider TEXT NOT NULL CHECK (provider IN ('card', 'paypal', 'invoice')),
    provider_reference TEXT NOT NULL, amount_cents INTEGER NOT NULL, state TEXT NOT NULL CHECK (state IN ('authorised', 'captured', 'failed', 'refunded')),
    failure_reason TEXT, created_at TEXT NOT NULL, captured_at TEXT, UNIQUE (provider, provider_reference),
    CHECK ((state = 'failed') = (failure_reason IS NOT NULL)), CHECK (captured_at >= created_at)) STRICT;
CREATE INDEX payments_order ON payments (order_id);
CREATE INDEX payments_state ON payments (state, created_at);
CREATE TABLE shipments (
    id INTEGER PRIMARY KEY, order_id INTEGER NOT NULL REFERENCES orders (id), warehouse_id INTEGER NOT NULL REFERENCES warehouses (id),
    carrier TEXT NOT NULL, tracking_number TEXT UNIQUE, shipped_at TEXT NOT NULL, delivered_at TEXT, CHECK (delivered_at >= shipped_at)) STRICT;
CREATE INDEX shipments_order ON shipments (order_id);
CREATE INDEX shipments_warehouse ON shipments (warehouse_id);
CREATE TABLE reviews (
    product_id INTEGER NOT NULL REFERENCES products (id) ON DELETE CASCADE, customer_id INTEGER NOT NULL REFERENCES customers (id) ON DELETE CASCADE,
    rating INTEGER NOT NULL CHECK (rating BETWEEN 1 AND 5), body TEXT, created_at TEXT NOT NULL,
    PRIMARY KEY (product_id, customer_id)) STRICT, WITHOUT ROWID;
CREATE INDEX reviews_customer ON reviews (customer_id);
CREATE TABLE cart_items (
    customer_id INTEGER NOT NULL REFERENCES customers (id) ON DELETE CASCADE, product_id INTEGER NOT NULL REFERENCES products (id) ON DELETE CASCADE,
    quantity INTEGER NOT NULL DEFAULT 1 CHECK (quantity > 0), added_at TEXT NOT NULL, PRIMARY KEY (customer_id, product_id)) STRICT, WITHOUT ROWID;
CREATE INDEX cart_items_product ON cart_items (product_id);
CREATE VIEW order_totals AS SELECT order_id, sum(quantity * unit_price_cents) AS total_cents FROM order_items GROUP BY order_id;
"""

POSTGRES = (
    SQLITE.replace(" STRICT, WITHOUT ROWID;", ";").replace(" STRICT;", ";")
    .replace("newsletter INTEGER NOT NULL DEFAULT 0 CHECK (newsletter IN (0, 1))", "newsletter boolean NOT NULL DEFAULT false")
    .replace("attributes TEXT NOT NULL DEFAULT '{}' CHECK (json_valid(attributes))", "attributes jsonb NOT NULL DEFAULT '{}'")
    .replace("itude REAL", "itude double precision").replace("version INTEGER PRIMARY KEY", "version bigint PRIMARY KEY")
    .replace("id INTEGER PRIMARY KEY", "id bigint GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY")
    .replace("_id INTEGER", "_id bigint")
)
for _name in ("created_at", "updated_at", "last_login_at", "applied_at", "counted_at", "placed_at", "changed_at", "captured_at", "shipped_at",
              "delivered_at", "added_at", "valid_from", "valid_until"):
    POSTGRES = POSTGRES.replace(f"{_name} TEXT", f"{_name} timestamptz")

FIRST = "Ada Ben Cleo Dan Eva Finn Gita Hugo Ines Jon Kim Lea Max Nia Otto Pia Quin Rosa Sam Tea".split()
LAST = "Abel Bode Curie Diaz Euler Frey Gauss Hahn Ito Jung Kahn Lie Moll Noor Ohm Penn".split()
CITIES = [("Berlin", "DE"), ("Hamburg", "DE"), ("Paris", "FR"), ("Lyon", "FR"), ("London", "GB"), ("Leeds", "GB"), ("Wien", "AT"), ("Graz", "AT")]
GOODS = "lamp chair table shelf mug kettle knife bowl towel pillow blanket mirror clock vase rug stool desk basket hook frame".split()
KINDS = "oak steel linen glass cotton ceramic walnut copper wool bamboo".split()
WORDS = "sturdy light well made came quickly nice colour smaller than expected good value gift broke after weeks would buy again".split()


def stamp(moment):
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def words(rng, low, high):
    return " ".join(rng.choice(WORDS) for _ in range(rng.randint(low, high))).capitalize()


def people(rng):
    for n in range(1, 601):
        name = f"{rng.choice(FIRST)} {rng.choice(LAST)}"
        made = NOW - timedelta(days=rng.randint(100, 1000), seconds=rng.randint(0, 86000))
        changed = made + timedelta(days=rng.randint(0, 90), seconds=rng.randint(0, 3000))
        seen = stamp(changed + timedelta(minutes=rng.randint(1, 9000))) if rng.random() < 0.8 else None
        yield (n, f"{name.lower().replace(' ', '.')}{n}@example.com", name, f"+44 20 7946 {rng.randint(0, 9999):04}" if rng.random() < 0.6 else None,
               f"$argon2id$v=19$m=65536,t=3,p=4${rng.randbytes(12).hex()}${rng.randbytes(24).hex()}", int(rng.random() < 0.3),
               rng.choice(["en-GB", "en-GB", "de-DE", "de-AT", "fr-FR"]), stamp(made), stamp(changed), seen)


def homes(rng):
    out = []
    for customer in range(1, 601):
        for kind in ("billing", "shipping"):
            city, country = rng.choice(CITIES)
            out.append((len(out) + 1, customer, kind, f"{rng.choice(KINDS).capitalize()} {rng.choice(['Street', 'Lane', 'Road'])}", f"{rng.randint(1, 180)}{rng.choice(['', '', 'a', 'B'])}",
                        f"{rng.randint(1000, 99999):05}", city, country))
    return out


def goods(rng):
    """Products, their prices over time, their categories and stock."""
    products, prices, placed, stock = [], [], [], []
    for n in range(1, 201):
        made = NOW - timedelta(days=rng.randint(300, 1100), seconds=rng.randint(0, 86000))
        noun, kind = rng.choice(GOODS), rng.choice(KINDS)
        products.append((n, f"{noun[:3].upper()}-{kind[:2].upper()}-{n:04}", f"{kind.capitalize()} {noun}", f"A {noun} of {kind}. {words(rng, 5, 20)} ({n}).",
                         rng.choice(["Nordal", "Ferm", "Hübsch", None]), rng.choices(["active", "draft", "discontinued"], [80, 4, 16])[0],
                         rng.randint(50, 9000) if rng.random() < 0.9 else None, rng.choice([20, 20, 20, 7]),
                         json.dumps({"material": kind, "colour": rng.choice(["red", "blue", "natural"]), "width_mm": rng.randint(50, 2000)}),
                         stamp(made), stamp(made + timedelta(days=rng.randint(0, 200), seconds=n))))
        for currency in ("EUR", "GBP"):
            cents = rng.randint(300, 60000)
            for step in range(rng.randint(1, 4)):
                prices.append((n, currency, stamp(made + timedelta(days=step * 60)), cents + step * rng.randint(-100, 400)))
        placed += [(n, category) for category in rng.sample(range(5, 21), rng.randint(1, 3))]
        stock += [(warehouse, n, rng.choice([0, rng.randint(0, 400)]), stamp(NOW - timedelta(days=rng.randint(0, 30), seconds=n))) for warehouse in (1, 2, 3)]
    return products, prices, placed, stock


STEPS = {"pending": ["pending"], "paid": ["pending", "paid"], "shipped": ["pending", "paid", "shipped"], "delivered": ["pending", "paid", "shipped", "delivered"],
         "cancelled": ["pending", "cancelled"], "refunded": ["pending", "paid", "shipped", "delivered", "refunded"]}


def sales(rng, products, customers):
    orders, items, log, payments, shipments = [], [], [], [], []
    for n in range(1, 2001):
        customer = rng.randint(1, 600)
        joined = datetime.fromisoformat(customers[customer - 1][7])
        placed = joined + (NOW - timedelta(days=2) - joined) * rng.random()
        placed = placed.replace(microsecond=0)
        status = rng.choices(list(STEPS), [3, 5, 7, 78, 6, 1])[0]
        at, times = placed, {}
        for sequence, step in enumerate(STEPS[status], 1):
            log.append((n, sequence, step, stamp(at)))
            times[step] = at
            at += timedelta(minutes=rng.randint(2, 700))
        currency, total = rng.choice(["EUR", "EUR", "GBP"]), 0
        for line, product in enumerate(rng.sample(range(1, len(products) + 1), rng.randint(1, 5)), 1):
            quantity, cents = rng.choices([1, 2, 3, 12], [70, 20, 8, 2])[0], rng.randint(300, 60000)
            items.append((n, line, product, quantity, cents))
            total += quantity * cents
        orders.append((n, f"W{placed.year}-{n:06}", customer, customer * 2 - 1, customer * 2, rng.randint(1, 25) if rng.random() < 0.15 else None, status, currency,
                       rng.choice([0, 490, 990]), words(rng, 2, 8) if rng.random() < 0.1 else None, stamp(placed), stamp(max(times.values()))))
        if "paid" in times:
            for attempt in range(rng.choices([1, 2], [94, 6])[0], 0, -1):
                failed = attempt > 1
                begun = times["paid"] - timedelta(minutes=attempt, seconds=20)
                payments.append((len(payments) + 1, n, rng.choice(["card", "card", "paypal", "invoice"]),
                                 hashlib.sha256(f"{n} {attempt}".encode()).hexdigest()[:24], total, "failed" if failed else "refunded" if status == "refunded" else "captured",
                                 rng.choice(["insufficient funds", "card expired", "3-D Secure failed"]) if failed else None,
                                 stamp(begun), None if failed else stamp(begun + timedelta(seconds=rng.randint(1, 60)))))
        if "shipped" in times:
            for _part in range(rng.choices([1, 2], [93, 7])[0]):
                shipments.append((len(shipments) + 1, n, rng.randint(1, 3), rng.choice(["DHL", "DPD", "Royal Mail"]), f"00{rng.randrange(10**16):016}" if rng.random() < 0.97 else None,
                                  stamp(times["shipped"]), stamp(times["delivered"]) if "delivered" in times else None))
    return orders, items, log, payments, shipments


def tables(seed=11):
    """Rows of every table, in an order that its references allow."""
    rng = random.Random(seed)
    out = {"schema_migrations": [(n, stamp(NOW - timedelta(days=1200 - n * 30))) for n in range(1, 15)]}
    out["customers"] = list(people(rng))
    out["addresses"] = homes(rng)
    tops = ["Kitchen", "Living", "Bath", "Garden"]
    out["categories"] = [(n, None, name.lower(), name, n) for n, name in enumerate(tops, 1)]
    out["categories"] += [(4 + n, (n - 1) % 4 + 1, f"{tops[(n - 1) % 4].lower()}-{word}", word.capitalize(), (n - 1) // 4 + 1) for n, word in enumerate(GOODS[:16], 1)]
    products, prices, placed, stock = goods(rng)
    out |= {"products": products, "product_categories": placed, "product_prices": prices}
    out["warehouses"] = [(1, "BER1", "Berlin", 52.52, 13.41), (2, "LYS1", "Lyon", 45.76, 4.84), (3, "LDS1", "Leeds", 53.8, -1.55)]
    out["stock_levels"] = stock
    out["coupons"] = [(n, f"{rng.choice(WORDS).upper()}{n}", rng.choice([5, 10, 15, 20, 50]), stamp(NOW - timedelta(days=40 * n)),
                       stamp(NOW - timedelta(days=40 * n - 60)), rng.choice([None, 1, 100])) for n in range(1, 26)]
    orders, items, log, payments, shipments = sales(rng, products, out["customers"])
    out |= {"orders": orders, "order_items": items, "order_status_log": log, "payments": payments, "shipments": shipments}
    pairs = sorted({(rng.randint(1, 200), rng.randint(1, 600)) for _ in range(700)})
    out["reviews"] = [(product, customer, rng.choices([1, 2, 3, 4, 5], [4, 4, 10, 30, 52])[0], f"{words(rng, 3, 25)} [{n}]." if rng.random() < 0.8 else None,
                       stamp(NOW - timedelta(days=rng.randint(0, 90), seconds=n))) for n, (product, customer) in enumerate(pairs)]
    pairs = sorted({(rng.randint(1, 600), rng.randint(1, 200)) for _ in range(300)})
    out["cart_items"] = [(customer, product, rng.choice([1, 1, 1, 2, 4]), stamp(NOW - timedelta(days=rng.randint(0, 60), seconds=n)))
                         for n, (customer, product) in enumerate(pairs)]
    return out
