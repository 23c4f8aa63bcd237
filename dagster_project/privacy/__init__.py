"""Personal data: who may read what is written, errors told without rows, deleting one person on request."""
