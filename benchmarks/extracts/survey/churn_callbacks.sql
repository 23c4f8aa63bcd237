-- Grain: one row per call made on the extract's days to a vehicle that was last seen half a year before.
select
    store_of(vehicle_of(range)) as store_code,
    format('L{:09d}', range) as callback_no,
    vin_of(vehicle_of(range)) as vin,
    strftime(day_of(range), '%Y-%m') as cohort_month,
    day_of(range) + 182 + to_minutes(540 + draw(range, 'lost called', 600)) as called_at,
    if(share(range, 'lost reached') < 0.6, 'completed', 'no_answer') as outcome,
    if(
        share(range, 'lost reached') < 0.6 and not is_faulty(range, 'lost reason'),
        pick(
            range, 'which lost reason',
            ['due_soon', 'mileage_not_reached', 'serviced_elsewhere', 'too_far', 'road_works', 'used_by_others']
        ),
        null
    ) as reason
from range(
    visits_before(greatest(getvariable('from_day') - 182, getvariable('starts_on'))),
    visits_before(greatest(getvariable('to_day') - 182, getvariable('starts_on')))
)
where share(range, 'lost') < 0.033
