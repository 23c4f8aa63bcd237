{#
    The rows of a lake relation by key, where the latest counts: by time of the extract, then file, then line (a file's
    name stands once in a dataset's folder).

    Few keys have more than one row. Only theirs are put in order: ordering all rows would cost more than all else in
    staging. `known` is a condition on rows that count at all, in terms of `lake_rows`; none where it is blank.
#}

{# The keys that more than one row has. #}
{% macro repeated_keys(relation, key, known) %}
select
    {% for column in key %}lake_rows.{{ column }}{{ ', ' if not loop.last }}{% endfor %}

from {{ relation }} as lake_rows
{% if known %}where {{ known }}{% endif %}

group by {% for column in key %}lake_rows.{{ column }}{{ ', ' if not loop.last }}{% endfor %}

having count(*) > 1
{% endmacro %}

{# Joins lake_rows to their repeated_keys. #}
{% macro on_repeated_keys(key) %}
    on {% for column in key %}lake_rows.{{ column }} = repeated_keys.{{ column }}{{ ' and ' if not loop.last }}{% endfor %}
{% endmacro %}

{# The rows of repeated keys, numbered from the latest. #}
{% macro repeated_rows(relation, key, known, columns) %}
select
    {% for column in columns %}lake_rows.{{ column }},
    {% endfor %}row_number() over (
        partition by {% for column in key %}lake_rows.{{ column }}{{ ', ' if not loop.last }}{% endfor %}

        order by
            lake_rows.extract_at desc nulls last,
            lake_rows.source_file desc nulls last,
            lake_rows.source_line desc nulls last
    ) as version_number
from {{ relation }} as lake_rows
inner join ({{ repeated_keys(relation, key, known) }}) as repeated_keys {{ on_repeated_keys(key) }}
{% if known %}where {{ known }}{% endif %}
{% endmacro %}

{# The latest row of each key. #}
{% macro latest_rows(relation, key, known, columns) %}
select
    {% for column in columns %}lake_rows.{{ column }}{{ ', ' if not loop.last }}
    {% endfor %}
from {{ relation }} as lake_rows
left join ({{ repeated_keys(relation, key, known) }}) as repeated_keys {{ on_repeated_keys(key) }}
where
    repeated_keys.{{ key[0] }} is null
    {% if known %}and {{ known }}{% endif %}

union all

select
    {% for column in columns %}versions.{{ column }}{{ ', ' if not loop.last }}
    {% endfor %}
from ({{ repeated_rows(relation, key, known, columns) }}) as versions
where versions.version_number = 1
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
    versions.source_file,
    count(*) as rows_superseded
from ({{ repeated_rows(source('lake', dataset), key, known, ['source_file']) }}) as versions
where versions.version_number > 1
group by versions.source_file
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
