-- Grain: one row per vehicle, in the extract of its customer.
select
    store_of(range) as store_code,
    vin_of(range) as vin,
    if(
        is_faulty(range, 'plate'), 'unknown',
        pick(range, 'province', ['京', '沪', '粤', '川', '鄂', '陕', '辽', '浙'])
        || pick(range, 'city letter', ['A', 'B', 'C', 'D'])
        || format('{:05d}', draw(range, 'plate number', 100000))
    ) as plate_no,
    customer_of(range) as customer_no,
    pick(range % getvariable('stores'), 'brand', ['大众', '斯柯达', '奥迪']) as brand,
    pick(range, 'model', ['途观', '帕萨特', '明锐', '速派', 'A4', 'A6', 'Q5']) as model,
    getvariable('starts_on') - 1 - cast(draw(range, 'sold', 2500) as integer) as sold_on
from range(
    if(getvariable('is_first'), 0, vehicles_at(visits_before(getvariable('from_day')))),
    vehicles_at(visits_before(getvariable('to_day')))
)
