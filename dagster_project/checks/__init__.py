"""Data-quality checks: Great Expectations suites on the lake and on staging, run as SQL on DuckDB or Spark."""
