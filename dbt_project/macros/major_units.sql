{# An amount in the smallest unit of its currency, in whole ones. Not every currency has
   hundredths: these have none, or thousandths. ISK and UGX are written with two places
   by Stripe though they have none: https://docs.stripe.com/currencies #}
{% macro major_units(minor_amount, currency_code) -%}
    {{ minor_amount }}::numeric * case
        when upper({{ currency_code }}) in (
            'BIF', 'CLP', 'DJF', 'GNF', 'JPY', 'KMF', 'KRW', 'MGA',
            'PYG', 'RWF', 'VND', 'VUV', 'XAF', 'XOF', 'XPF'
        ) then 1
        when upper({{ currency_code }}) in ('BHD', 'JOD', 'KWD', 'OMR', 'TND') then 0.001
        else 0.01
    end
{%- endmacro %}
