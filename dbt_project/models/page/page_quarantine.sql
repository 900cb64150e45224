select
    source_name,
    rule,
    min(reason) as reason,
    count(*) as row_count,
    {{ page_order(['count(*) desc', 'source_name', 'rule']) }}
from {{ ref('fct_quarantine') }}
group by source_name, rule
