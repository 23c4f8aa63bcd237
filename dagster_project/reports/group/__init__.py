"""The group view: the stores of a region, or all stores, side by side for the director."""
