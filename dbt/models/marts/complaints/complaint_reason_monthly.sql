-- Grain: one row per store, month and category with a dissatisfaction or complaint.
{{ config(unique_key=['store_code', 'month'], pre_hook=in_following_months('int_case')) }}
with reasons as (
    select
        store_code,
        month,
        category,
        count(*) as cases
    from {{ ref('int_case') }}
    where is_grievance and {{ is_affected_or_before() }}
    group by 1, 2, 3
),

store_months as (
    select
        store_code,
        month,
        sum(cases) as cases
    from reasons
    group by 1, 2
)

select
    reasons.store_code,
    reasons.month,
    reasons.category,
    reasons.cases,
    {{ ratio('reasons.cases', 'store_months.cases') }} as share,
    -- 0 where the previous month has other categories, unknown where it has no row at all
    case when previous_store_months.store_code is not null then coalesce(previous_reasons.cases, 0) end
        as previous_cases
from reasons
inner join store_months
    on
        reasons.store_code = store_months.store_code
        and reasons.month = store_months.month
left join store_months as previous_store_months
    on
        reasons.store_code = previous_store_months.store_code
        and cast({{ add_months('reasons.month', -1) }} as date) = previous_store_months.month
left join reasons as previous_reasons
    on
        reasons.store_code = previous_reasons.store_code
        and reasons.category = previous_reasons.category
        and cast({{ add_months('reasons.month', -1) }} as date) = previous_reasons.month
where {{ is_affected(['reasons.store_code', 'reasons.month']) }}
