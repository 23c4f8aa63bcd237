"""One run from landing to published: the order of its steps, its lock and log, and what the run before it left."""
