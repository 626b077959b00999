{# One row per product record with its golden id. `is_primary` marks the record that is
   written to. #}
{{ config(tags=['marts', 'measure'], meta={'looks_up': true}) }}

with int_products__unioned as (

    select * from {{ ref('int_products__unioned') }}

),

stg_concord__identities as (

    select * from {{ ref('stg_concord__identities') }}
    where entity = 'product'

),

identified as (

    select
        products.*,
        identities.golden_id,
        identities.match_rule,
        identities.match_confidence,
        row_number() over (
            partition by identities.golden_id, products.system
            order by length(products.record_key), products.record_key
        ) = 1 as is_primary
    from int_products__unioned as products
    inner join stg_concord__identities as identities
        on
            products.system = identities.system
            and products.record_key = identities.record_key

),

named as (

    select
        *,
        case
            when is_primary then golden_id
            else golden_id || ':' || record_key
        end as entity_id
    from identified

)

select * from named
