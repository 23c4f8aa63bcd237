{#
    For models with a row a month of visits: by changes, only the months in which a repair order changed are computed of
    the repair orders, which lie together by month; to them come the other months of the affected units, as they stand.
    `month` is the unit and the month.
#}
{% macro and_standing_months(month, columns) %}
    {%- if builds_changes() -%}
    union all
    select {{ comma_separated(columns) }}
    from standing
    anti join {{ changed('int_repair_order') }} as repair_orders using ({{ comma_separated(month) }})
    {%- endif -%}
{% endmacro %}
