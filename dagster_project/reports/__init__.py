"""Reports for managers and data owners, rendered from published figures and check results."""
