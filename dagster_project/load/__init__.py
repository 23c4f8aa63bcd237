"""Load landed files into the lake: per file, one Parquet part of typed rows and one of rejected rows."""
