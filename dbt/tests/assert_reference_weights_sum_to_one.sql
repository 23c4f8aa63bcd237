-- Why: MOT and mystery totals are weighted means; weights that do not add up to 100% shift every score.
{{ config(meta={'dagster': {'ref': {'name': 'mot_items'}}}) }}

select
    'mot_items' as reference,
    sum(weight) as total_weight
from {{ ref('mot_items') }}
having sum(weight) <> 1

union all

select
    'mystery_sections' as reference,
    sum(weight) as total_weight
from {{ ref('mystery_sections') }}
having sum(weight) <> 1
