"""The subcommands of `aftersales`: `add` declares the options, `do` does the work and returns the exit code.

Each imports its dependencies only when it runs: a query of the published tables need not wait for the loader.
"""
