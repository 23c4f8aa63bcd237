{# Lower Wilson 95% bound of successes ÷ trials; exactly 0 when nothing succeeded. #}
{% macro wilson_low(successes, trials) -%}
    case
        when {{ trials }} > 0 and {{ successes }} = 0 then cast(0 as double)
        when {{ trials }} > 0 and {{ successes }} <= {{ trials }} then {{ wilson_bound(successes, trials, '-') }}
    end
{%- endmacro %}
