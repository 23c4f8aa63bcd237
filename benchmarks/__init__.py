"""Benchmarks: extracts of any size, and what the steps of a run cost on them."""
