-- Grain: one row per employee, all in every extract: 8 advisors, 16 technicians, 3 agents and a manager a store.
with roles as (
    select unnest([
        {letter: 'A', people: 8, role: 'service_advisor', department: 'front_desk'},
        {letter: 'T', people: 16, role: 'technician', department: 'workshop'},
        {letter: 'C', people: 3, role: 'cs_agent', department: 'customer_service'},
        {letter: 'M', people: 1, role: 'manager', department: 'front_desk'}
    ], recursive := true)
)

, posts as (select *, unnest(range(people)) + 1 as number from roles)

select
    store_of(range) as store_code,
    format('{}{:02d}', letter, number) as employee_no,
    pick(range * 100 + number, letter, ['王', '李', '张', '刘', '陈', '杨', '赵']) || '师傅' as employee_name,
    role,
    department,
    date '2010-01-01' + cast(draw(range * 100 + number, letter, 5000) as integer) as hired_on,
    null as left_on
from range(getvariable('stores')), posts
