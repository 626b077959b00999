select reason
from {{ ref('refusal_reasons') }}
where length(reason) > 40 or reason !~ '^[A-Za-z0-9 ,.-]+$'
