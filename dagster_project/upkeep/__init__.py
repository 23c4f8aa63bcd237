"""What keeps an installation in order: how long things are kept, clean-up, backup, damage on disk."""
