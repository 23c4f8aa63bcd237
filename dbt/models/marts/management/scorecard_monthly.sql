-- Grain: one row per store, month and KPI with a value or a target.
with kpi_values as (
    select
        kpi_values.store_code,
        stores.region_code,
        kpi_values.month,
        kpi_values.kpi_code,
        kpis.region_method,
        kpi_values.value,
        kpi_values.numerator,
        kpi_values.sample_size
    from {{ ref('kpi_monthly') }} as kpi_values
    inner join {{ ref('dim_store') }} as stores
        on kpi_values.store_code = stores.store_code
    inner join {{ ref('dim_kpi') }} as kpis
        on kpi_values.kpi_code = kpis.kpi_code
),

targets as (
    select
        store_code,
        period as month,
        kpi_code,
        cast(target_value as double) as target_value
    from {{ ref('stg_planning__targets') }}
),

region_values as (
    select
        region_code,
        month,
        kpi_code,
        {{ ratio('sum(numerator)', 'sum(sample_size)') }} as region_value
    from kpi_values
    where region_method = 'pooled_counts'
    group by 1, 2, 3
    union all
    select
        region_code,
        month,
        kpi_code,
        -- Sums of exact decimals do not depend on the order of rows.
        cast(sum(cast(sample_size as decimal(10, 0)) * cast(value as decimal(18, 12))) as double)
        / nullif(cast(sum(sample_size) as double), 0) as region_value
    from kpi_values
    where region_method = 'weighted_mean' and value is not null
    group by 1, 2, 3
    union all
    select
        region_code,
        month,
        kpi_code,
        {{ percentile('value', 0.5) }} as region_value
    from kpi_values
    where region_method = 'median'
    group by 1, 2, 3
),

scorecard_rows as (
    select
        store_code,
        month,
        kpi_code
    from kpi_values
    where value is not null
    union
    select
        store_code,
        month,
        kpi_code
    from targets
),

compared as (
    select
        scorecard_rows.store_code,
        scorecard_rows.month,
        scorecard_rows.kpi_code,
        stores.region_code,
        kpi_values.value,
        targets.target_value,
        previous_values.value as previous_value,
        region_values.region_value,
        kpis.direction,
        -- Lower is better here. Rounded to 9 decimals: binary fractions would rank equal values apart.
        round(case when kpis.direction = 'up' then -kpi_values.value else kpi_values.value end, 9) as ranked_by,
        -- Targets have 8 decimals.
        round(kpi_values.value, 8) as compared_value,
        round(targets.target_value, 8) as compared_target,
        -- The number of active customers is a full count, not a sample.
        case when kpis.form <> 'count' then coalesce(kpi_values.sample_size, 0) end as sample_size
    from scorecard_rows
    inner join {{ ref('dim_store') }} as stores
        on scorecard_rows.store_code = stores.store_code
    inner join {{ ref('dim_kpi') }} as kpis
        on scorecard_rows.kpi_code = kpis.kpi_code
    left join kpi_values
        on
            scorecard_rows.store_code = kpi_values.store_code
            and scorecard_rows.month = kpi_values.month
            and scorecard_rows.kpi_code = kpi_values.kpi_code
    left join kpi_values as previous_values
        on
            scorecard_rows.store_code = previous_values.store_code
            and cast({{ add_months('scorecard_rows.month', -1) }} as date) = previous_values.month
            and scorecard_rows.kpi_code = previous_values.kpi_code
    left join targets
        on
            scorecard_rows.store_code = targets.store_code
            and scorecard_rows.month = targets.month
            and scorecard_rows.kpi_code = targets.kpi_code
    left join region_values
        on
            stores.region_code = region_values.region_code
            and scorecard_rows.month = region_values.month
            and scorecard_rows.kpi_code = region_values.kpi_code
)

select
    store_code,
    month,
    kpi_code,
    value,
    target_value,
    previous_value,
    region_value,
    case
        when value is not null
            then cast(rank() over (partition by region_code, month, kpi_code order by ranked_by nulls last) as bigint)
    end as rank_in_region,
    direction,
    case
        when target_value is null then 'no_target'
        when direction = 'up' and compared_value >= compared_target then 'met'
        when direction = 'down' and compared_value <= compared_target then 'met'
        when value is not null then 'missed'
    end as status,
    sample_size,
    coalesce(sample_size < {{ var('small_sample_size') }}, false) as is_small_sample
from compared
