with newest as (
    select
        source_name,
        max(period_end) as newest_period_end
    from {{ ref('fct_observation') }}
    group by source_name
)

select
    coverage.source_name,
    newest.newest_period_end,
    cast(sum(coverage.published_count) as bigint) as published_count,
    cast(sum(coverage.suppressed_count) as bigint) as suppressed_count,
    cast(sum(coverage.missing_count) as bigint) as missing_count,
    cast(sum(coverage.quarantined_count) as bigint) as quarantined_count,
    {{ page_order(['coverage.source_name']) }}
from {{ ref('mart_coverage_by_source_month') }} as coverage
left join newest on coverage.source_name = newest.source_name
group by coverage.source_name, newest.newest_period_end
