"""All retention limits, in one place. docs/operate.md gives the disk space that they need."""

# Published states: open connections continue to read an older one.
STATES_KEPT = 3
# Quality reports, one folder a run; the one that `latest` points to is among them.
QUALITY_REPORTS_KEPT = 100
# Log files, one a month.
LOG_MONTHS_KEPT = 13
# dbt begins a new file at this size and keeps the five before it.
DBT_LOG_BYTES = 10_000_000
# Dagster's records of runs of `refresh`, their events and console output.
DAGSTER_RUN_DAYS_KEPT = 30
# Backups in one folder; unchanged files are stored once.
BACKUPS_KEPT = 14

# Kept without limit: parts of current files, check results (one file a month, once it is over), restatements, the
# record of issued reports, and the monthly reports themselves.
