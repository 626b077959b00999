with discrepancies as (

    select * from {{ ref('discrepancies') }}
    where entity = 'order'

)

select * from discrepancies
