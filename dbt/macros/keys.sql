{#
    The published keys of the customers and vehicles that `rows` name. A full refresh looks them up, as one customer has
    many rows; an incremental run hashes them again, as its rows are few and the keys are many.

    `select {{ customer_key('cases') }} as customer_key from cases {{ join_customer_key('cases') }}`
#}
{% macro customer_key(rows) %}
    {%- if builds_changes() -%}{{ hash_of_customer(rows, secret()) }}{%- else -%}customer_keys.customer_key{%- endif -%}
{% endmacro %}

{% macro join_customer_key(rows) %}
    {%- if not builds_changes() -%}
left join {{ ref('int_customer_key') }} as customer_keys
    on
        {{ rows }}.store_code = customer_keys.store_code
        and {{ rows }}.customer_no = customer_keys.customer_no
    {%- endif -%}
{% endmacro %}

{% macro vehicle_key(rows) %}
    {%- if builds_changes() -%}{{ hash_of_vehicle(rows, secret()) }}{%- else -%}vehicle_keys.vehicle_key{%- endif -%}
{% endmacro %}

{% macro join_vehicle_key(rows) %}
    {%- if not builds_changes() -%}
left join {{ ref('int_vehicle_key') }} as vehicle_keys
    on {{ rows }}.vin = vehicle_keys.vin
    {%- endif -%}
{% endmacro %}

{# A customer number is unique in its store only. With a | in codes ('S', '0|1') and ('S|0', '1') are two customers. #}
{% macro hash_of_customer(rows, hash_key) -%}
    {%- set escaped = "replace(replace(CODE, '~', '~~'), '|', '~|')" -%}
    {%- set store_code = escaped | replace('CODE', rows ~ '.store_code') -%}
    {%- set customer_no = escaped | replace('CODE', rows ~ '.customer_no') -%}
    {{ keyed_hash(store_code ~ " || '|' || " ~ customer_no, hash_key) }}
{%- endmacro %}

{% macro hash_of_vehicle(rows, hash_key) -%}
    {{ keyed_hash(rows ~ ".vin", hash_key) }}
{%- endmacro %}

{# The key of the hashes, for queries of incremental runs. #}
{% macro secret() %}(select secrets.hash_key from lake.hash_key as secrets){% endmacro %}
