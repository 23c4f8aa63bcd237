"""Personal data: who may read what is written, errors without rows, deletion of a person on request."""
