{#
    dbt's incremental strategy `affected`: the rows of the affected units are computed (temp_relation) and compared with
    those that stand; units with a difference are replaced. A model without a unit is computed and compared whole.
    DuckDB's alone: rows that stand are looked up once, and deleted by their place in the table.
#}
{% macro get_incremental_affected_sql(arguments) %}
    {%- set target = arguments['target_relation'] -%}
    {%- set computed = arguments['temp_relation'] -%}
    {%- set unit = arguments['unique_key'] -%}
    {%- set columns = arguments['dest_columns'] | map(attribute='quoted') | join(', ') -%}
    {%- set units = comma_separated(unit or []) -%}
    {%- set differs -%}
        where {% if unit %}({{ units }}) in (select {{ units }} {% else %}exists (select 1 {% endif -%}
        from {{ changed(this.name) }})
    {%- endset -%}
    create or replace temp table standing as
    select
        rowid as row_number,
        {{ columns }}
    from {{ target }}
    {% if unit %}
    where ({{ units }}) in (select {{ units }} from {{ affected(this.name) }})
    {% endif %};

    create or replace table {{ changed(this.name) }} as
    select *, false as is_new
    from (select {{ columns }} from standing except all select {{ columns }} from {{ computed }}) as were
    union all
    select *, true as is_new
    from (select {{ columns }} from {{ computed }} except all select {{ columns }} from standing) as are;

    create or replace table {{ written(this.name) }} as
    select {{ columns }}
    from {{ computed }}
    {{ differs }};

    delete from {{ target }}
    where rowid in (select standing.row_number from standing {{ differs }});

    insert into {{ target }} ({{ columns }})
    select {{ columns }}
    from {{ written(this.name) }};

    drop table standing
{% endmacro %}
