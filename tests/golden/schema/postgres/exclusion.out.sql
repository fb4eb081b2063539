
CREATE TABLE t (
    room int4range,
    during tsrange,
    CONSTRAINT t_room_during_excl EXCLUDE USING gist (room WITH &&, during WITH &&) WHERE ((room IS NOT NULL))
);

