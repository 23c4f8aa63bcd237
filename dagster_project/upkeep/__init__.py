"""Maintenance of an installation: retention, clean-up, backup, damage on disk."""
