"""The group view: the stores of a region, or all of them, side by side for the director."""
