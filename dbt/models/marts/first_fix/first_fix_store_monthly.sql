-- Grain: one row per store and month with a repair order that has a line.
{{ config(
    unique_key=['store_code', 'month'],
    pre_hook=[
        in_following_months('int_repair_order_fix'),
        also_affected("
            select store_code, month
            from {{ this }}
            where is_final <> {{ is_final_first_fix('month') }}
        "),
    ]
) }}
with counts as (
    select
        store_code,
        month,
        count(*) as repairs,
        count(*) filter (where is_recorded_not_fixed) as recorded_not_fixed,
        count(*) filter (where is_inferred_not_fixed) as inferred_not_fixed,
        count(*) filter (where is_not_fixed) as not_fixed
    from {{ ref('int_repair_order_fix') }}
    where {{ is_affected_or_before() }}
    group by 1, 2
),

rates as (
    select
        store_code,
        month,
        repairs,
        recorded_not_fixed,
        inferred_not_fixed,
        not_fixed,
        {{ ratio('not_fixed', 'repairs') }} as not_fixed_rate,
        {{ ratio('(repairs - not_fixed)', 'repairs') }} as first_fix_rate
    from counts
)

select
    rates.store_code,
    rates.month,
    rates.repairs,
    rates.recorded_not_fixed,
    rates.inferred_not_fixed,
    rates.not_fixed,
    rates.not_fixed_rate,
    {{ wilson_low('rates.not_fixed', 'rates.repairs') }} as not_fixed_rate_low,
    {{ wilson_high('rates.not_fixed', 'rates.repairs') }} as not_fixed_rate_high,
    rates.first_fix_rate,
    {{ wilson_low('(rates.repairs - rates.not_fixed)', 'rates.repairs') }} as first_fix_rate_low,
    {{ wilson_high('(rates.repairs - rates.not_fixed)', 'rates.repairs') }} as first_fix_rate_high,
    previous_rates.first_fix_rate as previous_first_fix_rate,
    {{ is_final_first_fix('rates.month') }} as is_final
from rates
left join rates as previous_rates
    on
        rates.store_code = previous_rates.store_code
        and cast({{ add_months('rates.month', -1) }} as date) = previous_rates.month
where {{ is_affected(['rates.store_code', 'rates.month']) }}
