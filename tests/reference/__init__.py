"""A second, independent implementation of the contracts in plain Python, to check the warehouse's figures against.

Nothing here uses the loader or the models: files are read and figures calculated from docs/extracts.md,
docs/marts.md and docs/decisions.md alone, with exact fractions and no SQL. Where the two disagree, one of
them has misread the contract.
"""
