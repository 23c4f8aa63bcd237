-- Grain: one row per store, advisor and month with a check-in, a completed callback or a known survey score.
{{ config(unique_key=['store_code', 'month']) }}
with check_ins as (
    select
        store_code,
        advisor_no,
        month,
        count(*) as check_ins
    from {{ ref('fct_repair_order') }}
    where advisor_no is not null and {{ is_affected() }}
    group by store_code, advisor_no, month
),

callbacks as (
    select
        store_code,
        advisor_no,
        month,
        count(*) as callbacks_completed
    from {{ ref('fct_callback') }}
    where is_completed and advisor_no is not null and {{ is_affected() }}
    group by store_code, advisor_no, month
),

scores as (
    select
        store_code,
        group_value as advisor_no,
        month,
        sample_size,
        mot_score,
        css_score
    from {{ ref('int_css_score') }}
    where grouping_name = 'advisor' and {{ is_affected() }}
),

advisor_months as (
    select
        store_code,
        advisor_no,
        month
    from check_ins
    union
    select
        store_code,
        advisor_no,
        month
    from callbacks
    union
    select
        store_code,
        advisor_no,
        month
    from scores
)

select
    advisor_months.store_code,
    advisor_months.advisor_no,
    advisor_months.month,
    coalesce(check_ins.check_ins, 0) as check_ins,
    coalesce(callbacks.callbacks_completed, 0) as callbacks_completed,
    coalesce(scores.sample_size, 0) as css_samples,
    scores.mot_score,
    scores.css_score
from advisor_months
left join check_ins
    on
        advisor_months.store_code = check_ins.store_code
        and advisor_months.advisor_no = check_ins.advisor_no
        and advisor_months.month = check_ins.month
left join callbacks
    on
        advisor_months.store_code = callbacks.store_code
        and advisor_months.advisor_no = callbacks.advisor_no
        and advisor_months.month = callbacks.month
left join scores
    on
        advisor_months.store_code = scores.store_code
        and advisor_months.advisor_no = scores.advisor_no
        and advisor_months.month = scores.month
