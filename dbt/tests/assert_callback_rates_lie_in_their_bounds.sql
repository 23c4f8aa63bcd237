-- Why: a rate outside its own interval would make reports mark noise as a change, or a change as noise.
select
    store_code,
    month,
    completed_rate,
    delighted_rate,
    disappointed_rate
from {{ ref('callback_store_monthly') }}
where
    not (completed_rate between completed_rate_low and completed_rate_high)
    or not (delighted_rate between delighted_rate_low and delighted_rate_high)
    or not (disappointed_rate between disappointed_rate_low and disappointed_rate_high)
    or completed_rate is null
