-- Why: every rate is read with its interval; a wrong bound would make noise look like a finding.
with expected as (
    select
        cases.successes,
        cases.trials,
        cases.low,
        cases.high
    from (
        values
        (700, 850, 0.7964622e0, 0.8476855e0),
        (5, 10, 0.2365931e0, 0.7634069e0),
        (0, 10, 0.0e0, 0.2775328e0),
        (10, 10, 0.7224672e0, 1.0e0),
        (1, 1, 0.2065493e0, 1.0e0),
        (0, 0, null, null),
        (3, 2, null, null),
        (null, 5, null, null)
    ) as cases (successes, trials, low, high)
),

computed as (
    select
        successes,
        trials,
        low,
        high,
        {{ wilson_low('successes', 'trials') }} as computed_low,
        {{ wilson_high('successes', 'trials') }} as computed_high
    from expected
)

select
    successes,
    trials,
    low,
    computed_low,
    high,
    computed_high
from computed
where
    round(low, 6) is distinct from round(computed_low, 6)
    or round(high, 6) is distinct from round(computed_high, 6)
    -- The bounds of 0% and 100% are exactly 0 and 1.
    or (successes = 0 and trials > 0 and computed_low <> 0)
    or (successes = trials and trials > 0 and computed_high <> 1)
