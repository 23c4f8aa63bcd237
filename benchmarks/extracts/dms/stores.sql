-- Grain: one row per store, all in every extract.
select
    store_of(range) as store_code,
    format('Store {:d}', range + 1) as store_name,
    format('R{:02d}', range % 12 + 1) as region_code,
    format('分中心{:d}', range % 12 + 1) as region_name,
    pick(range, 'city', ['北京', '上海', '广州', '成都', '武汉', '西安', '沈阳', '杭州']) as city,
    1 + draw(range, 'city tier', 3) as city_tier,
    pick(range, 'brand', ['大众', '斯柯达', '奥迪']) as brand,
    date '2005-01-01' + cast(draw(range, 'opened', 5000) as integer) as opened_on
from range(getvariable('stores'))
