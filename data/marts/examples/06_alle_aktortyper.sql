-- Vektet over aktørtyper: teller over nevner, aldri et snitt av andeler.
-- Trenger demoen: ingen har publisert både teller og nevner for flere aktørtyper.
-- Weighted over actor types: numerator over denominator, never a mean of shares.
-- Needs the demo: no publisher states both for several actor types.
select
    service_name,
    month,
    sum(adoption_count) as in_use,
    sum(eligible_count) as eligible,
    sum(adoption_count) / sum(eligible_count) as share
from marts.mart_adoption_by_region_actor_month
where
    region_key = 'land:NO'
    and actor_type_code in ('legekontor', 'legevakt', 'sykehus', 'avtalespesialist')
    and measure_name like 'Andel virksomheter%'
group by all
having count(adoption_count) = count(*)
order by service_name, month;
