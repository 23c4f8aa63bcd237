{#
    The rows of a lake relation by key, where the latest counts: by time of the extract, then file, then line.

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
            lake_rows.source_path desc nulls last,
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

{# Superseded rows by file, counted by themselves and not as what is left over, so that conservation can be tested. #}
{% macro superseded_rows(relation, key, known) %}
select
    versions.source_file,
    count(*) as rows_superseded
from ({{ repeated_rows(relation, key, known, ['source_file']) }}) as versions
where versions.version_number > 1
group by versions.source_file
{% endmacro %}

{# Rows of a store that is known now. #}
{% macro known_store() %}
lake_rows.store_code in (select stores.store_code from {{ ref('stg_dms__stores') }} as stores)
{% endmacro %}
