{#
    How the rows of a model come into the private warehouse: whole, in place of those that stood; by changes, units with
    a difference are replaced. The names, types and keys that a contract promises are asked of the whole build; by
    changes the rows go into the table that it made.
    dbt's own `incremental` would make a table beside, rename two and drop one, which takes a fifth of a small build.
#}
{% materialization by_unit, adapter='duckdb' %}
    {%- set target_relation = this.incorporate(type='table') -%}
    {%- set standing = load_cached_relation(this) -%}
    {{ run_hooks(pre_hooks) }}
    {%- call statement('main') -%}
        {%- if builds_changes() -%}
            {{ replace_differing_units(target_relation, compiled_code) }}
        {%- else -%}
            {% if standing is not none %}drop {{ standing.type }} {{ standing }};{% endif %}
            {{ create_table_as(false, target_relation, compiled_code) }}
        {%- endif -%}
    {%- endcall -%}
    {{ run_hooks(post_hooks) }}
    {% do adapter.commit() %}
    {{ return({'relations': [target_relation]}) }}
{% endmaterialization %}

{# On Spark models are always built whole, each replaced in one step. #}
{% materialization by_unit, adapter='spark' %}
    {{ return(materialization_table_spark()) }}
{% endmaterialization %}

{#
    The rows of the affected units are computed and compared with those that stand; units with a difference are replaced.
    A model without a unit is computed and compared whole. Rows that stand are looked up once, and deleted by their place
    in the table. Columns that stand here only begin with _, as none of a model does.
    Deleted rows keep their room until a run that is told to (AFTERSALES_VACUUM): to put together what is left of the
    parts of a table, whenever it is stored, would take an eighth of a day on ten million repair orders.
#}
{% macro replace_differing_units(target, query) %}
    {%- set unit = config.get('unique_key') -%}
    {%- set units = comma_separated(unit or []) -%}
    {%- set differs -%}
        where {% if unit %}({{ units }}) in (select {{ units }} {% else %}exists (select 1 {% endif -%}
        from {{ changed(this.name) }})
    {%- endset -%}
    set global max_vacuum_tasks = {{ 100 if env_var('AFTERSALES_VACUUM', '') == 'yes' else 0 }};

    create or replace temp table standing as
    select
        rowid as _row_number,
        *
    from {{ target }}
    {% if unit %}
    where ({{ units }}) in (select {{ units }} from {{ affected(this.name) }})
    {% endif %};

    create or replace temp table computed as
    select * from {{ target }} limit 0;

    insert into computed by name
    {{ query }};

    create or replace table {{ changed(this.name) }} as
    with differing as (
        select
            * exclude (_row_number, _side),
            sum(_side) as _balance
        from (
            select *, 1 as _side from computed
            union all by name
            select *, -1 as _side from standing
        ) as both_sides
        group by all
        having sum(_side) <> 0
    )

    select * exclude (_balance, _copy_number), _balance > 0 as is_new
    from (select *, unnest(range(cast(abs(_balance) as bigint))) as _copy_number from differing) as copies;

    create or replace table {{ written(this.name) }} as
    select *
    from computed
    {{ differs }};

    delete from {{ target }}
    where rowid in (select standing._row_number from standing {{ differs }});

    insert into {{ target }}
    select *
    from {{ written(this.name) }};

    drop table standing;

    drop table computed
{% endmacro %}
