"""Data contracts: what each dataset is, read from one ODCS YAML a dataset."""

from dagster_project.contracts.contract import Column, Contract, read_contract, read_contracts

__all__ = ["Column", "Contract", "read_contract", "read_contracts"]
