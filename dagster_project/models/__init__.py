"""Build and test the dbt project."""
