{#
    The rows of a lake relation by key, where the latest counts: by time of the extract, then file, then line (a file's
    name stands once in a dataset's folder). `known` is a condition on rows that count at all, in terms of `lake_rows`;
    none where it is blank.
#}

{# The latest row of each key. #}
{% macro latest_rows(dataset, key, known, columns) %}
{%- set rows = lake_rows(dataset, columns) %}
select
    {% for column in columns %}lake_rows.{{ column }}{{ ', ' if not loop.last }}
    {% endfor %}
from {{ rows }} as lake_rows
left join {{ superseded(dataset, rows, key, known) }} as superseded
    on lake_rows.source_file = superseded.source_file and lake_rows.source_line = superseded.source_line
where
    superseded.source_file is null
    {% if known %}and {{ known }}{% endif %}
{% endmacro %}

{#
    The rows that a later one of their key supersedes, by file and line: staging leaves them out, and they are counted.
    Where all rows are asked, staging finds them once, for both.
#}
{% macro superseded(dataset, rows, key, known) %}
    {%- if keeps_superseded() -%}
        lake.superseded__{{ dataset }}
    {%- else -%}
        ({{ find_superseded(rows, key, known) }})
    {%- endif -%}
{% endmacro %}

{# A staging model's pre_hook. #}
{% macro keep_superseded(dataset, known) %}
    {%- if keeps_superseded() %}
        create or replace table lake.superseded__{{ dataset }} as
        {{ find_superseded(source('lake', dataset), config.get('unique_key'), known) }}
    {%- endif -%}
{% endmacro %}

{# A unit test gives rows, and has no hooks. #}
{% macro keeps_superseded() %}
    {% do return(execute and target.type == 'duckdb' and not builds_changes() and model.resource_type != 'unit_test') %}
{% endmacro %}

{# Few keys have more than one row. Only theirs are put in order: ordering all rows would cost more than all of staging. #}
{% macro find_superseded(rows, key, known) %}
select
    versions.source_file,
    versions.source_line
from (
    select
        lake_rows.source_file,
        lake_rows.source_line,
        row_number() over (
            partition by {% for column in key %}lake_rows.{{ column }}{{ ', ' if not loop.last }}{% endfor %}

            order by
                lake_rows.extract_at desc nulls last,
                lake_rows.source_file desc nulls last,
                lake_rows.source_line desc nulls last
        ) as version_number
    from {{ rows }} as lake_rows
    inner join (
        select
            {% for column in key %}lake_rows.{{ column }}{{ ', ' if not loop.last }}{% endfor %}

        from {{ rows }} as lake_rows
        {% if known %}where {{ known }}{% endif %}

        group by {% for column in key %}lake_rows.{{ column }}{{ ', ' if not loop.last }}{% endfor %}

        having count(*) > 1
    ) as repeated_keys
        on {% for column in key %}lake_rows.{{ column }} = repeated_keys.{{ column }}{{ ' and ' if not loop.last }}{% endfor %}

    {% if known %}where {{ known }}{% endif %}

) as versions
where versions.version_number > 1
{% endmacro %}

{#
    Superseded rows by file, counted by themselves and not as what is left over, so that conservation can be tested.
    By changes: to the counts that stand come new rows that do not stand, and rows that did; those of files that are
    gone leave with their file. Where that can't be told from the new rows, all rows of the dataset are looked at.
#}
{% macro superseded_rows(dataset, key, known) %}
{%- if not execute -%}
    {#- dbt learns here what is read by changes, too. -#}
    {%- do ref('stg_' ~ dataset) -%}
{%- endif -%}
{%- if not builds_changes() or is_replaced(dataset) %}
select
    superseded.source_file,
    count(*) as rows_superseded
from {{ superseded(dataset, source('lake', dataset), key, known) }} as superseded
group by superseded.source_file
{% else %}
select
    counts.source_file,
    cast(sum(counts.rows_superseded) as bigint) as rows_superseded
from (
    {{ standing_counts(dataset, 'rows_superseded') }}
    union all
    select
        lake_rows.source_file,
        1 as rows_superseded
    from {{ new_rows(dataset) }} as lake_rows
    -- a new row that stands is among the changed ones
    left join {{ changed('stg_' ~ dataset) }} as accepted_rows
        on
            lake_rows.source_file = accepted_rows.source_file
            and lake_rows.source_line = accepted_rows.source_line
            and accepted_rows.is_new
    where
        accepted_rows.source_file is null
        {% if known %}and {{ known }}{% endif %}

    union all
    select
        superseded.source_file,
        1 as rows_superseded
    from {{ changed('stg_' ~ dataset) }} as superseded
    where not superseded.is_new
) as counts
group by counts.source_file
{% endif %}
{% endmacro %}

{# Accepted rows of a dataset by file; by changes, the counts that stand and what changed. #}
{% macro accepted_rows(dataset) %}
select
    counts.source_file,
    cast(sum(counts.rows_accepted) as bigint) as rows_accepted
from (
    {%- if builds_changes() %}
    {{ standing_counts(dataset, 'rows_accepted') }}
    union all
    {%- endif %}
    select
        accepted.source_file,
        accepted.copies as rows_accepted
    from {{ rows_to_add('stg_' ~ dataset, ['source_file']) }} as accepted
) as counts
group by counts.source_file
having sum(counts.rows_accepted) > 0
{% endmacro %}

{# What a model counted of a dataset's files before. #}
{% macro standing_counts(dataset, count) %}
    {%- set system_and_dataset = dataset.split('__') -%}
    select
        standing.source_file,
        standing.{{ count }}
    from {{ this }} as standing
    where standing.system = '{{ system_and_dataset[0] }}' and standing.dataset = '{{ system_and_dataset[1] }}'
{%- endmacro %}

{# Rows of a store that is known now. #}
{% macro known_store() %}
lake_rows.store_code in (select stores.store_code from {{ ref('stg_dms__stores') }} as stores)
{% endmacro %}
