"""What several test modules share: small warehouses, example files, planted defects, ways to look at results."""
