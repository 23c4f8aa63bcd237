"""After-sales analytics warehouse: land, load, check, model, publish, report."""
