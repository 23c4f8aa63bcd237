-- Grain: one row per customer registered on the extract's days; the first extract brings all earlier ones.
with known as (
    select
        range as vehicle,
        range < vehicles_at(0) as is_old,
        share(range, 'corporate') < 0.12 as is_corporate
    from range(
        if(getvariable('is_first'), 0, vehicles_at(visits_before(getvariable('from_day')))),
        vehicles_at(visits_before(getvariable('to_day')))
    )
)

select
    store_of(vehicle) as store_code,
    customer_of(vehicle) as customer_no,
    pick(vehicle, 'surname', ['王', '李', '张', '刘', '陈', '杨', '赵', '黄', '周', '吴'])
    || pick(vehicle, 'given name', ['伟', '芳', '娜', '敏', '静', '丽', '强', '磊', '军', '洋']) as customer_name,
    if(is_corporate, 'corporate', 'private') as customer_type,
    if(is_corporate, null, pick(vehicle, 'gender', ['M', 'F'])) as gender,
    if(is_corporate, null, 1950 + draw(vehicle, 'birth', 55)) as birth_year,
    if(is_corporate, null, pick(vehicle, 'occupation', ['职员', '教师', '个体', '公务员', '工程师'])) as occupation,
    if(
        is_faulty(vehicle, 'phone'), '123', '13' || format('{:09d}', draw(vehicle, 'phone number', 1000000000))
    ) as phone,
    if(
        is_old,
        getvariable('starts_on') - 1 - cast(draw(vehicle, 'registered', 2000) as integer),
        getvariable('from_day')
        + cast(draw(vehicle, 'registered', getvariable('to_day') - getvariable('from_day')) as integer)
    ) as registered_on
from known
