"""The subcommands of `aftersales`: `add` declares the options of one, `do` does its work and returns the exit code.

Each imports what it needs when it works: a question to the published tables need not wait for the loader.
"""
