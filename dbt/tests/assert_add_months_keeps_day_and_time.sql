-- Why: the churn window ends n months after a visit, on the same day and time or the last day of a shorter month.
with expected as (
    select
        cases.start_at,
        cases.months,
        cases.end_at
    from (
        values
        (timestamp '2026-01-31 09:30:00', 1, timestamp '2026-02-28 09:30:00'),
        (timestamp '2023-08-31 23:59:59', 6, timestamp '2024-02-29 23:59:59'),
        (timestamp '2024-02-29 00:00:00', 12, timestamp '2025-02-28 00:00:00'),
        (timestamp '2026-05-15 08:00:00', 6, timestamp '2026-11-15 08:00:00'),
        (timestamp '2026-03-31 08:00:00', -1, timestamp '2026-02-28 08:00:00'),
        (timestamp '2026-01-01 00:00:00', -1, timestamp '2025-12-01 00:00:00')
    ) as cases (start_at, months, end_at)
)

select
    start_at,
    months,
    end_at
from expected
where end_at is distinct from {{ add_months('start_at', 'months') }}
