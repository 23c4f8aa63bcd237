-- Grain: one row per appointment that is due on the extract's days, or was booked on them for a later day.
with booked as (
    select
        *,
        date_trunc('hour', checked_in_at) as scheduled_at,
        date_trunc('hour', checked_in_at) - to_days(cast(1 + draw(visit, 'booked', 5) as integer)) as created_at
    from visits
    where appointment < 0.34
)

, told as (
    select
        *,
        case
            when not is_of_extract then 'booked'
            when appointment < 0.27 then 'kept'
            when appointment < 0.31 then 'no_show'
            else 'cancelled'
        end as status
    from booked
    where is_of_extract or (created_at >= getvariable('from_day') and created_at < getvariable('to_day'))
)

select
    store_code,
    format('P{:09d}', visit) as appointment_no,
    if(is_faulty(visit, 'booked by another'), 'K99999999', customer_no) as customer_no,
    vin,
    format('A{:02d}', advisor) as advisor_no,
    created_at,
    scheduled_at,
    pick(visit, 'channel', ['phone', 'app', 'wechat', 'walk_in']) as channel,
    pick(visit, 'initiated', ['customer', 'store']) as initiated_by,
    status,
    if(status = 'kept', checked_in_at, null) as arrived_at,
    if(status = 'kept', repair_order_no, null) as repair_order_no
from told
