-- Grain: one row per store and month with a known survey score.
{{ config(unique_key=['store_code', 'month'], pre_hook=in_following_months('int_css_score')) }}
with scores as (
    select
        store_code,
        month,
        sample_size,
        mot_score,
        css_score
    from {{ ref('int_css_score') }}
    where grouping_name = 'store'
),

mot_benchmarks as (
    select
        store_code,
        month,
        region_score,
        region_sample_size,
        national_score,
        national_sample_size
    from {{ ref('int_css_benchmark') }}
    where item_code = 'MOT'
),

css_benchmarks as (
    select
        store_code,
        month,
        region_score,
        national_score
    from {{ ref('int_css_benchmark') }}
    where item_code = 'CSS'
)

select
    scores.store_code,
    scores.month,
    scores.sample_size,
    scores.mot_score,
    scores.css_score,
    previous_scores.sample_size as previous_sample_size,
    previous_scores.mot_score as previous_mot_score,
    previous_scores.css_score as previous_css_score,
    mot_benchmarks.region_score as region_mot_score,
    css_benchmarks.region_score as region_css_score,
    mot_benchmarks.region_sample_size,
    mot_benchmarks.national_score as national_mot_score,
    css_benchmarks.national_score as national_css_score,
    mot_benchmarks.national_sample_size,
    scores.mot_score - mot_benchmarks.region_score as gap_to_region,
    scores.mot_score - mot_benchmarks.national_score as gap_to_national
from scores
left join scores as previous_scores
    on
        scores.store_code = previous_scores.store_code
        and cast({{ add_months('scores.month', -1) }} as date) = previous_scores.month
left join mot_benchmarks
    on
        scores.store_code = mot_benchmarks.store_code
        and scores.month = mot_benchmarks.month
left join css_benchmarks
    on
        scores.store_code = css_benchmarks.store_code
        and scores.month = css_benchmarks.month
where {{ is_affected(['scores.store_code', 'scores.month']) }}
