{#
    The keys of customers and vehicles in what is published, made of what `rows` name. In a whole build they are looked
    up, as one customer has many rows; by changes, where rows are few and the keys are many, they are hashed again.

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

{# A customer's number is a store's own. #}
{% macro hash_of_customer(rows, hash_key) -%}
    {{ keyed_hash(rows ~ ".store_code || '|' || " ~ rows ~ ".customer_no", hash_key) }}
{%- endmacro %}

{% macro hash_of_vehicle(rows, hash_key) -%}
    {{ keyed_hash(rows ~ ".vin", hash_key) }}
{%- endmacro %}

{# The key of the hashes, where a query by changes needs it. #}
{% macro secret() %}(select secrets.hash_key from lake.hash_key as secrets){% endmacro %}
