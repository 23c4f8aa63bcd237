"""Landed files into the lake: one typed Parquet part a file, rejected rows beside it."""
