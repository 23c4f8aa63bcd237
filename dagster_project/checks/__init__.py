"""Data-quality checks: Great Expectations suites over the staged rows, run as SQL in the private warehouse."""
