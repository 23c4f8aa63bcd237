{# Upper Wilson 95% bound of successes ÷ trials; exactly 1 when everything succeeded. #}
{% macro wilson_high(successes, trials) -%}
    case
        when {{ trials }} > 0 and {{ successes }} = {{ trials }} then cast(1 as double)
        when {{ trials }} > 0 and {{ successes }} <= {{ trials }} then {{ wilson_bound(successes, trials, '+') }}
    end
{%- endmacro %}
