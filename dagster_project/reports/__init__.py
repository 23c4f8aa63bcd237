"""Reports for people, rendered from what was published and checked."""
