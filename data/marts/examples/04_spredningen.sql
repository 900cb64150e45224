-- Hvor ulikt er det mellom regionene? 10., 50. og 90. persentil per måned, og hvor mange som er
-- kjent.
-- How far apart are the regions?
select service_name, month, count(adoption_share) as known, count(*) as regions,
    quantile_cont(adoption_share, 0.1) as p10,
    median(adoption_share) as median,
    quantile_cont(adoption_share, 0.9) as p90
from marts.mart_adoption_by_region_actor_month
where
    region_level = 'helsefellesskap'
    and actor_type_code = 'legekontor'
    and measure_name like 'Andel virksomheter%'
group by all
having known * 2 >= regions
order by service_name, month;
