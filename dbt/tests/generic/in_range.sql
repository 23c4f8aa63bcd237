{# Fails on known values outside [low, high]. #}
{% test in_range(model, column_name, low, high) %}

select {{ column_name }} as value_outside
from {{ model }}
where {{ column_name }} < {{ low }} or {{ column_name }} > {{ high }}

{% endtest %}
