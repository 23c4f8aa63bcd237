"""The same marts by hand: DuckDB SQL for the generator's extracts, as fast as an expert would write it, and no more."""
