"""Faults during a run, and what must hold after each: intact marts, no row lost, a re-run that equals a clean one."""
