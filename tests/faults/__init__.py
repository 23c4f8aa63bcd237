"""Faults that a run may meet, and what must stand after each: whole marts, no row lost, a re-run like a clean one."""
