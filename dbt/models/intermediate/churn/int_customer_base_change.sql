-- Grain: one row per store and month in which the number of on-file or active customers changes.
with changes as (
    select
        store_code,
        {{ month_of('registered_on') }} as month,
        copies as on_file_change,
        0 as active_change
    from {{ rows_to_add('stg_dms__customers', ['store_code', 'registered_on']) }} as customers
    union all
    -- a customer becomes active with a visit after the whole window without one
    select
        store_code,
        month,
        0 as on_file_change,
        copies as active_change
    from {{ rows_to_add('int_customer_month', ['store_code', 'month', 'previous_visit_month']) }} as first_visits
    where
        previous_visit_month is null
        or month >= {{ add_months('previous_visit_month', var('active_months')) }}
    union all
    -- and stops being active the window after a visit that no other follows in time
    select
        store_code,
        cast({{ add_months('month', var('active_months')) }} as date) as month,
        0 as on_file_change,
        -copies as active_change
    from {{ rows_to_add('int_customer_month', ['store_code', 'month', 'next_visit_month']) }} as last_visits
    where
        next_visit_month is null
        or next_visit_month >= {{ add_months('month', var('active_months')) }}
    {%- if builds_changes() %}
    union all
    select
        store_code,
        month,
        on_file_change,
        active_change
    from existing
    {%- endif %}
)

select
    store_code,
    month,
    cast(sum(on_file_change) as bigint) as on_file_change,
    cast(sum(active_change) as bigint) as active_change
from changes
group by 1, 2
having sum(on_file_change) <> 0 or sum(active_change) <> 0
