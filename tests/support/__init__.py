"""Helpers that several test modules share: small warehouses, example files, planted defects, readers of results."""
