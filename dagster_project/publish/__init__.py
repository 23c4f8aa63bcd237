"""Publish the marts to readers, atomically."""
