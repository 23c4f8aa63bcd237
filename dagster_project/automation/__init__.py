"""Automatic runs, and alerts when they fail: landing sensor, schedules, alerts."""
