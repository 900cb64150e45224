-- of fewer than half of the regions there is no spread
select
    service_code,
    month,
    count(adoption_share) as known_count,
    count(*) as region_count,
    min(adoption_share) as share_lowest,
    round(percentile_cont(0.1) within group (order by adoption_share), 6) as share_p10,
    round(percentile_cont(0.5) within group (order by adoption_share), 6) as share_median,
    round(percentile_cont(0.9) within group (order by adoption_share), 6) as share_p90,
    max(adoption_share) as share_highest,
    {{ page_order(['service_code', 'month']) }}
from {{ ref('page_regional_adoption') }}
where region_level <> 'land'
group by service_code, month
having
    count(adoption_share) >= {{ var('page_fewest_regions') }}
    and 2 * count(adoption_share) >= count(*)
