-- Grain: one row per store and month with a callback.
{{ config(unique_key=['store_code', 'month']) }}
with calls as (
    select
        store_code,
        month,
        count(*) as callbacks,
        count(*) filter (where is_completed) as completed,
        count(*) filter (where is_unreachable) as unreachable,
        count(*) filter (where is_declined) as declined,
        count(*) filter (where is_delighted) as delighted,
        count(*) filter (where is_disappointed) as disappointed,
        count(*) filter (where is_promoter) as promoters,
        count(*) filter (where is_detractor) as detractors,
        count(q8_score) as nps_answers
    from {{ ref('fct_callback') }}
    where {{ is_affected() }}
    group by store_code, month
)

select
    store_code,
    month,
    callbacks,
    completed,
    unreachable,
    declined,
    delighted,
    disappointed,
    {{ ratio('completed', 'callbacks') }} as completed_rate,
    {{ wilson_low('completed', 'callbacks') }} as completed_rate_low,
    {{ wilson_high('completed', 'callbacks') }} as completed_rate_high,
    {{ ratio('delighted', 'callbacks') }} as delighted_rate,
    {{ wilson_low('delighted', 'callbacks') }} as delighted_rate_low,
    {{ wilson_high('delighted', 'callbacks') }} as delighted_rate_high,
    {{ ratio('disappointed', 'callbacks') }} as disappointed_rate,
    {{ wilson_low('disappointed', 'callbacks') }} as disappointed_rate_low,
    {{ wilson_high('disappointed', 'callbacks') }} as disappointed_rate_high,
    {{ ratio('100 * (promoters - detractors)', 'nps_answers') }} as nps,
    nps_answers
from calls
