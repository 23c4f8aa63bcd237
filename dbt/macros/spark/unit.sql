{#
    A unit test on Spark: dbt's own, but for the columns' types. They are asked of the query, where dbt makes an empty
    table and drops it again, as statements that give no rows can't be fetched by PyHive.
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
