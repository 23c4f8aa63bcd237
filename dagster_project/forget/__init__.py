"""Delete one person's data on request: out of the lake now, out of all that is published with the next run."""
