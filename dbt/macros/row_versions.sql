{#
    The rows of a lake relation by key, of which the latest counts: by time of the extract, then file, then line (a file
    name occurs once in a dataset's folder). `known` is a condition that rows must meet to count at all, on columns of
    `lake_rows`; where it is blank, all rows count.
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
    The rows that a later row of their key supersedes, by file and line: staging leaves them out, and they are counted.
    In a full refresh staging finds them once, for both.
#}
{% macro superseded(dataset, rows, key, known) %}
    {%- if keeps_superseded() -%}
        lake.superseded__{{ dataset }}
    {%- else -%}
        ({{ find_superseded(rows, key, known) }})
    {%- endif -%}
{% endmacro %}

{# A staging model's pre_hook: stores its superseded rows where `keeps_superseded` holds. #}
{% macro keep_superseded(dataset, known) %}
    {%- if keeps_superseded() %}
        create or replace table lake.superseded__{{ dataset }} as
        {{ find_superseded(source('lake', dataset), config.get('unique_key'), known) }}
    {%- endif -%}
{% endmacro %}

{# Whether superseded rows are stored. A unit test provides rows of its own and runs no hooks. #}
{% macro keeps_superseded() %}
    {% do return(execute and target.type == 'duckdb' and not builds_changes() and model.resource_type != 'unit_test') %}
{% endmacro %}

{#
    Few keys have more than one row. Only their rows are sorted: sorting all rows would cost more than the rest of
    staging.
#}
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
    Superseded rows by file. They are counted directly, not as the remainder, so that conservation can be tested.
    An incremental run adds to the existing counts the new rows that staging left out, and the rows that it replaced;
    the counts of a removed file go with the file. Where the new rows do not suffice for this, all rows of the dataset
    are read.
#}
{% macro superseded_rows(dataset, key, known) %}
{%- if not execute -%}
    {#- Declares to dbt what an incremental run reads besides. -#}
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
    {{ existing_counts(dataset, 'rows_superseded') }}
    union all
    select
        lake_rows.source_file,
        1 as rows_superseded
    from {{ new_rows(dataset) }} as lake_rows
    -- a new row that staging accepted is among the changed rows
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

{# Accepted rows of a dataset by file; an incremental run adds what changed to the existing counts. #}
{% macro accepted_rows(dataset) %}
select
    counts.source_file,
    cast(sum(counts.rows_accepted) as bigint) as rows_accepted
from (
    {%- if builds_changes() %}
    {{ existing_counts(dataset, 'rows_accepted') }}
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

{# The existing counts of a dataset's files in the model being built. #}
{% macro existing_counts(dataset, count) %}
    {%- set system_and_dataset = dataset.split('__') -%}
    select
        existing.source_file,
        existing.{{ count }}
    from {{ this }} as existing
    where existing.system = '{{ system_and_dataset[0] }}' and existing.dataset = '{{ system_and_dataset[1] }}'
{%- endmacro %}

{# The condition that a row's store is known now. #}
{% macro known_store() %}
lake_rows.store_code in (select stores.store_code from {{ ref('stg_dms__stores') }} as stores)
{% endmacro %}
