{#
    For models with a row a month of visits: only months in which a repair order changed are computed of the repair
    orders, which lie together by month; the others of the affected units stand as they are. `key` is the unit.
#}
{% macro is_in_changed_month(key) %}
    {%- set columns = comma_separated(key + ['month']) -%}
    {%- if builds_changes() -%}
        ({{ columns }}) in (select {{ columns }} from {{ changed('int_repair_order') }})
    {%- else -%}
        true
    {%- endif -%}
{% endmacro %}

{% macro and_standing_months(key, columns) %}
    {%- if builds_changes() -%}
    union all
    select {{ comma_separated(columns) }}
    from standing
    anti join {{ changed('int_repair_order') }} as repair_orders using ({{ comma_separated(key + ['month']) }})
    {%- endif -%}
{% endmacro %}
