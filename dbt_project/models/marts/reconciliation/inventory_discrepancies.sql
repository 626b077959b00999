with discrepancies as (

    select * from {{ ref('discrepancies') }}
    where entity = 'inventory_level'

)

select * from discrepancies
