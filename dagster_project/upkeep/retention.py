"""What is kept, and how much of it: the one place that says so. docs/operate.md tells what it takes on disk."""

# Published states: connections that are open finish on an older one.
STATES_KEPT = 3
# Pages of the data owners' report, one folder a run; `latest` is among them.
QUALITY_REPORTS_KEPT = 100
# Files of what runs logged, one a month.
LOG_MONTHS_KEPT = 13
# dbt begins a new file at this size and keeps the five before it.
DBT_LOG_BYTES = 10_000_000
# What Dagster remembers of runs of `refresh`, their events and console output.
DAGSTER_RUN_DAYS_KEPT = 30
# Backups in one folder; unchanged files are on disk once.
BACKUPS_KEPT = 14

# Without end: parts of files that stand, check results (a file a month once a month is over), restatements, which
# reports were issued, and the monthly reports themselves.
