{# One row per customer record of any system, with the values by which it could be the
   same as another one, or hinder another. A night looks up there whom a changed record
   was, and is, linked with. #}
{{
    config(
        tags=['prepare'],
        meta={'touched': [{'record': ['system', 'record_key'], 'of': 'customer'}]},
        indexes=[
            {'columns': ['email']}, {'columns': ['phone']}, {'columns': ['account_key']},
            {'columns': ['external_id']}, {'columns': ['group_key']},
            {'columns': ['place_key']}, {'columns': ['wholesale_key']}
        ]
    )
}}

{{ customer_links(ref('int_customers__unioned')) }}
