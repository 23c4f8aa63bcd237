{#
    How a model's rows are stored in the private warehouse: a full refresh replaces the table, an incremental run
    replaces the rows of the keys in which something differs. A full refresh checks the names and types that the
    contract promises; an incremental run inserts into the table that it created.
    dbt's own `incremental` would create a second table, rename both and drop one, which takes a fifth of a small build.
#}
{% materialization by_unit, adapter='duckdb' %}
    {%- set target_relation = this.incorporate(type='table') -%}
    {%- set existing = load_cached_relation(this) -%}
    {{ run_hooks(pre_hooks) }}
    {%- call statement('main') -%}
        {%- if builds_changes() -%}
            {{ replace_differing_units(target_relation, compiled_code) }}
        {%- else -%}
            {% if existing is not none %}drop {{ existing.type }} {{ existing }};{% endif %}
            {{ create_table_as(false, target_relation, compiled_code) }}
        {%- endif -%}
    {%- endcall -%}
    {{ run_hooks(post_hooks) }}
    {% do adapter.commit() %}
    {{ return({'relations': [target_relation]}) }}
{% endmaterialization %}

{# On Spark every build is a full refresh; each table is replaced in one step. #}
{% materialization by_unit, adapter='spark' %}
    {{ return(materialization_table_spark()) }}
{% endmaterialization %}

{#
    Computes the rows of the affected keys, compares them with the existing rows, and replaces the keys that differ. A
    model without `unique_key` is computed and compared as a whole. Existing rows are looked up once (`existing`), and
    deleted by their row number. Columns that exist only here begin with _, which no column of a model does.
    Deleted rows keep their space until a run with AFTERSALES_VACUUM=yes: to compact a table whenever it is stored would
    take an eighth of a daily run on ten million repair orders.
#}
{% macro replace_differing_units(target, query) %}
    {%- set unit = config.get('unique_key') -%}
    {%- set units = comma_separated(unit or []) -%}
    {%- set differs -%}
        where {% if unit %}({{ units }}) in (select {{ units }} {% else %}exists (select 1 {% endif -%}
        from {{ changed(this.name) }})
    {%- endset -%}
    set global max_vacuum_tasks = {{ 100 if env_var('AFTERSALES_VACUUM', '') == 'yes' else 0 }};

    create or replace temp table existing as
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
            select *, -1 as _side from existing
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
    where rowid in (select existing._row_number from existing {{ differs }});

    insert into {{ target }}
    select *
    from {{ written(this.name) }};

    drop table existing;

    drop table computed
{% endmacro %}
