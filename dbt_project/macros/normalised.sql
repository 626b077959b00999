{% macro trimmed(value) -%}
    nullif(btrim(regexp_replace({{ value }}, '\s+', ' ', 'g')), '')
{%- endmacro %}

{% macro normalised_name(value) -%}
    nullif(
        btrim(
            regexp_replace(
                regexp_replace(
                    lower(normalize(replace({{ value }}, 'ß', 'ss'), NFKD)),
                    '[\u0300-\u036f]', '', 'g'
                ),
                '[^[:alnum:]]+', ' ', 'g'
            )
        ),
        ''
    )
{%- endmacro %}

{% macro normalised_email(value) -%}
    nullif(lower(btrim({{ value }})), '')
{%- endmacro %}

{% macro normalised_sku(value) -%}
    nullif(upper(regexp_replace({{ value }}, '\s+', '', 'g')), '')
{%- endmacro %}

{% macro normalised_code(value) -%}
    nullif(upper(regexp_replace({{ value }}, '[^[:alnum:]]+', '', 'g')), '')
{%- endmacro %}

{% macro written_name(value) -%}
    case
        when {{ trimmed(value) }} = upper({{ value }}) then initcap({{ trimmed(value) }})
        else {{ trimmed(value) }}
    end
{%- endmacro %}

{# An e-mail address as systems compare it; null if the text is not an address. #}
{% macro read_email(value) -%}
    substring({{ normalised_email(value) }} from '^[^@[:space:]]+@[^@[:space:]]+$')
{%- endmacro %}
