-- a series that is not forecast is one row of the mart
select
    refusal_code,
    count(*) as series_count,
    {{ page_order(['count(*) desc', 'refusal_code']) }}
from {{ ref('mart_adoption_forecast') }}
where refusal_code is not null
group by refusal_code
