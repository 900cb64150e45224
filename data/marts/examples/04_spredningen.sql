-- Hvor ulikt er det mellom regionene? 10., 50. og 90. persentil per måned, som grenser: en region
-- som er skjermet eller mangler, kan endre dem. Der grensene er like, er persentilen kjent; der de
-- er tomme, er for få regioner kjent.
-- How far apart are the regions? Percentiles as bounds, since a withheld region may move them.
select
    measure_name,
    region_level,
    month,
    known_count as known,
    suppressed_count as suppressed,
    region_count as regions,
    percentile_10_lower,
    percentile_10_upper,
    percentile_50_lower,
    percentile_50_upper,
    percentile_90_lower,
    percentile_90_upper
from marts.mart_spread_by_measure_month
where actor_type_code = 'legekontor' and region_level in ('fylke', 'helsefellesskap')
order by measure_name, region_level, month;
