select
    source_name,
    snapshot_at,
    row_reference,
    rule,
    column_name,
    value as refused_text,
    reason,
    service_code,
    month
from {{ ref('stg_quarantine') }}
where is_current
union all
-- a count above its denominator, which may come from another source
select
    figure.source_name,
    figure.snapshot_at,
    figure.row_reference,
    'numerator_above_denominator' as rule,
    'value' as column_name,
    figure.published_text as refused_text,
    'counts ' || {{ whole_number_text('figure.lower_bound') }} || ' of '
    || {{ whole_number_text('adoption.eligible_upper') }}
    || ' there are (' || adoption.denominator_code || '), so it has no share' as reason,
    measure.service_code,
    adoption.month
from {{ ref('fct_adoption') }} as adoption
inner join {{ ref('dim_measure') }} as measure on adoption.measure_code = measure.measure_code
inner join {{ ref('fct_observation') }} as figure
    on
        case
            when measure.unit = 'share' then measure.numerator_code
            else measure.measure_code
        end = figure.measure_code
        and adoption.region_key = figure.region_key
        and adoption.actor_type_code = figure.actor_type_code
        and adoption.month = figure.month
        and adoption.eligible_upper < figure.lower_bound
where adoption.is_contradictory
