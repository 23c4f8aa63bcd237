{#
    The rows from which the latest of each key are chosen. Full refresh: all rows of the lake. Incremental run: those of
    the affected keys, which are the new rows and the existing ones (table `existing` of by_unit). Where a file was
    replaced or a store became known, older rows can become the latest again, so all rows are looked up in the lake.
#}
{% macro lake_rows(dataset, columns) %}
    {%- if not builds_changes() -%}
        {{ source('lake', dataset) }}
    {%- elif is_replaced(dataset) -%}
        (
            select {{ comma_separated(columns) }}
            from {{ source('lake', dataset) }}
            where {{ is_affected() }}
        )
    {%- else -%}
        (
            select {{ comma_separated(columns) }}
            from {{ new_rows(dataset) }}
            union all
            select {{ comma_separated(columns) }}
            from existing
        )
    {%- endif -%}
{% endmacro %}

{# A dataset's rows from files that arrived since the last run. #}
{% macro new_rows(dataset) %}lake.new__{{ dataset }}{% endmacro %}

{# Whether rows of a dataset may have been removed since the last run, or older ones may count again. #}
{% macro is_replaced(dataset) %}
    {%- set found = run_query("select 1 from lake.replaced_dataset where relation = '" ~ dataset ~ "'") -%}
    {% do return(found.rows | length > 0) %}
{% endmacro %}

{# A staging model's pre_hook: the keys whose latest row can differ. #}
{% macro affected_keys(dataset, has_store) %}
    {%- set keys = "{{ comma_separated(config.get('unique_key')) }}" -%}
    {% do return(also_affected(
        "select " ~ keys ~ " from {{ new_rows('" ~ dataset ~ "') }}"
        ~ " union select " ~ keys ~ " from {{ this }} where source_file in"
        ~ " (select gone.source_file from lake.gone_file as gone where gone.relation = '" ~ dataset ~ "')"
        ~ ("{% if is_replaced('" ~ dataset ~ "') %} union select " ~ keys ~ " from {{ source('lake', '" ~ dataset ~ "') }}"
        ~ " where store_code in (select store_code from lake.changed_store){% endif %}" if has_store else "")
    )) %}
{% endmacro %}

{#
    The rows that are judged one by one, once per file: in an incremental run, those of new files and of files that
    count again.
#}
{% macro rows_to_judge(dataset) %}
    {%- if not builds_changes() -%}
        {{ source('lake', dataset) }}
    {%- elif is_replaced(dataset) -%}
        (
            select *
            from {{ source('lake', dataset) }}
            where source_file in (
                select changed_file.source_file from lake.changed_file where changed_file.relation = '{{ dataset }}'
            )
        )
    {%- else -%}
        {{ new_rows(dataset) }}
    {%- endif -%}
{% endmacro %}
