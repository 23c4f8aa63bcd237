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
    from {{ ref('int_kpi_value') }} as kpi_values
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

told as (
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
        told.store_code,
        told.month,
        told.kpi_code,
        stores.region_code,
        kpi_values.value,
        targets.target_value,
        previous_values.value as previous_value,
        region_values.region_value,
        kpis.direction,
        -- Lower is better here. Compared at 9 decimals: binary fractions would split equal values.
        round(case when kpis.direction = 'up' then -kpi_values.value else kpi_values.value end, 9) as ranked_by,
        -- A target has 8 decimals.
        round(kpi_values.value, 8) as compared_value,
        round(targets.target_value, 8) as compared_target,
        -- A count of everybody is no sample.
        case when kpis.form <> 'count' then coalesce(kpi_values.sample_size, 0) end as sample_size
    from told
    inner join {{ ref('dim_store') }} as stores
        on told.store_code = stores.store_code
    inner join {{ ref('dim_kpi') }} as kpis
        on told.kpi_code = kpis.kpi_code
    left join kpi_values
        on
            told.store_code = kpi_values.store_code
            and told.month = kpi_values.month
            and told.kpi_code = kpi_values.kpi_code
    left join kpi_values as previous_values
        on
            told.store_code = previous_values.store_code
            and cast({{ add_months('told.month', -1) }} as date) = previous_values.month
            and told.kpi_code = previous_values.kpi_code
    left join targets
        on
            told.store_code = targets.store_code
            and told.month = targets.month
            and told.kpi_code = targets.kpi_code
    left join region_values
        on
            stores.region_code = region_values.region_code
            and told.month = region_values.month
            and told.kpi_code = region_values.kpi_code
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
