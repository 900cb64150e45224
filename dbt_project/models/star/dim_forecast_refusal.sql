-- the texts of the code list, with its numbers in them
with numbered as (
    select
        *,
        {{ whole_number_text('threshold') }} as threshold_text,
        {{ whole_number_text('threshold * 100') }} as percent_text,
        {{ whole_number_text('within_months') }} as within_months_text
    from {{ ref('forecast_refusal') }}
)

select
    refusal_code,
    {{ with_numbers('refusal') }} as refusal,
    {{ with_numbers('refusal_en') }} as refusal_en,
    refusal_short,
    refusal_short_en,
    threshold,
    within_months
from numbered
