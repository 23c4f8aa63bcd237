"""The same tables by hand: DuckDB SQL for the generator's extracts, as an expert would write it, and no more."""
