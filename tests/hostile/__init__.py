"""Hostile input: mutated files of every format, and what must hold whatever they contain."""
