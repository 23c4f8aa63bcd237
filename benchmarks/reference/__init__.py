"""The same tables in handwritten DuckDB SQL, as an expert would write it for the generator's extracts."""
