"""Build the dbt project."""
