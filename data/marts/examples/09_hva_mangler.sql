-- Hva er skjermet, og hva mangler? Per kilde og år.
-- What is suppressed, and what is missing? By source and year.
select
    source_name,
    service_code,
    year(month) as year,
    sum(expected_count) as expected,
    sum(published_count) as published,
    sum(suppressed_count) as suppressed,
    sum(missing_count) as missing,
    sum(quarantined_count) as quarantined
from marts.mart_coverage_by_source_month
group by all
order by source_name, service_code, year;
