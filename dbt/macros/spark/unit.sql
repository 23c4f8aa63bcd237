{#
    A unit test on Spark: dbt's own, except for how it finds the columns' types. They are read from the query; dbt would
    create and drop an empty table, but PyHive cannot fetch from statements that return no rows.
#}
{% materialization unit, adapter='spark' %}
    {%- set types = {} -%}
    {%- set quoted = {} -%}
    {%- for column in run_query('describe query ' ~ sql).rows -%}
        {%- do types.update({column['col_name'] | lower: column['data_type']}) -%}
        {%- do quoted.update({column['col_name'] | lower: adapter.quote(column['col_name'])}) -%}
    {%- endfor -%}
    {%- set rows = config.get('expected_rows') -%}
    {%- set names = rows[0].keys() | map('lower') | list if rows else types.keys() | list -%}
    {%- set expected = config.get('expected_sql') or get_expected_sql(rows, types, quoted) -%}
    {%- set columns = [] -%}
    {%- for name in names -%}
        {%- do columns.append(quoted[name]) -%}
    {%- endfor -%}
    {% call statement('main', fetch_result=True) -%}
        {{ get_unit_test_sql(sql, expected, columns) }}
    {%- endcall %}
    {{ return({'relations': []}) }}
{% endmaterialization %}
