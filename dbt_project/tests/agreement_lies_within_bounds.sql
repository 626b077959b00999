select *
from {{ ref('reconciliation_agreement') }}
where agreed not between 0 and compared or compared = 0
