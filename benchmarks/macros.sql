-- What every extract is drawn with. Draws depend on the row's number, a salt and the seed alone, so that
-- a row comes out alike in whichever file it is written.
create or replace macro draw(number, salt, choices) as
    cast(hash(number, salt, getvariable('seed')) % choices as bigint);

create or replace macro share(number, salt) as draw(number, salt, 1000000) / 1000000.0;

create or replace macro is_faulty(number, salt) as share(number, salt) < getvariable('faults');

create or replace macro pick(number, salt, options) as options[1 + draw(number, salt, len(options))];

create or replace macro store_of(vehicle) as format('S{:04d}', vehicle % getvariable('stores') + 1);

create or replace macro customer_of(vehicle) as format('K{:08d}', vehicle);

-- The vehicles known when repair order `visit` is checked in: most of them from the start, then one by one.
create or replace macro vehicles_at(visit) as
    cast(floor(getvariable('vehicles') * 0.8 + visit * (getvariable('vehicles') * 0.2 / getvariable('visits'))) as bigint);

-- The first repair order that is checked in on a day, counted from the first day.
create or replace macro visits_before(day) as
    cast(ceil(date_diff('day', getvariable('starts_on'), day) * getvariable('visits_a_day')) as bigint);

create or replace macro day_of(visit) as
    getvariable('starts_on') + cast(floor(visit / getvariable('visits_a_day')) as integer);

-- Vehicles come again by chance, and only to the store that knows them.
create or replace macro vehicle_of(visit) as
    draw(visit, 'vehicle', vehicles_at(greatest(visit - 6 * getvariable('visits_a_day'), 0)));

create or replace macro remainder_of(vehicle) as (
    -- Weights of ISO 3779; 107 is what the letters and fixed digits add.
    107
    + vehicle // 10000000 % 10 * 2 + vehicle // 1000000 % 10 * 10
    + vehicle // 100000 % 10 * 7 + vehicle // 10000 % 10 * 6 + vehicle // 1000 % 10 * 5
    + vehicle // 100 % 10 * 4 + vehicle // 10 % 10 * 3 + vehicle % 10 * 2
    + if(is_faulty(vehicle, 'vin'), 1, 0)
) % 11;

create or replace macro vin_of(vehicle) as format(
    'LSV120{:02d}{}SA{:06d}', vehicle // 1000000, '0123456789X'[remainder_of(vehicle) + 1], vehicle % 1000000
);
