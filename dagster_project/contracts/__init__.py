"""Data contracts: the definition of each dataset, read from one ODCS YAML file per dataset."""

from dagster_project.contracts.contract import Column, Contract, read_contract, read_contracts

__all__ = ["Column", "Contract", "read_contract", "read_contracts"]
