{# One row per resource of which at least one window was read and accepted. A record can
   only be missing in a resource that was read. #}
{{ config(tags=['marts', 'measure'], materialized='view') }}

with stg_concord__batches as (

    select * from {{ ref('stg_concord__batches') }}
    where purpose = 'window' and state = 'covered'

),

named as (

    select
        system,
        resource
    from stg_concord__batches
    group by system, resource

)

select * from named
