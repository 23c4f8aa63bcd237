-- Why: phone numbers and plates that people write into free text must not be published, by any engine.
with texts as (
    select
        cases.written,
        cases.published
    from (
        values
        ('call 13912345678 first', 'call *** first'),
        ('+86 139-1234-5678', '***'),
        ('沪A12345 and 粤B·D12345', '*** and ***'),
        ('13912345678, 13812345678', '***, ***'),
        ('008613911116666', '***'),
        ('１３９１１１１３３３３', '***'),
        ('139 111 14444 or 139.1111.5555', '*** or ***'),
        ('京a34567, 京A-45678, 京 A56789, 京ＡＤ６７８９０, 沪AB123挂', '***, ***, ***, ***, ***'),
        ('换新 brakes, 新a123, 1500 on 2026-04-03', '换新 brakes, 新a123, 1500 on 2026-04-03'),
        ('新GLC260L, 新A6L45TFSI, 新XC60T5', '新GLC260L, 新A6L45TFSI, 新XC60T5'),
        ('新A·1B2C3, 新A12345, 新AD12345, 新B1234学', '***, ***, ***, ***'),
        ('013911116666, 139–1234–5678, 139　1234　5678', '***, ***, ***'),
        ('沪A・12345, 沪A·B2345', '***, ***'),
        ('no 139 1234', 'no 139 1234'),
        ('', '')
    ) as cases (written, published)
)

select
    written,
    published
from texts
where published is distinct from {{ mask_personal('written') }}
