"""What makes the warehouse run by itself and tell when it did not: landing sensor, schedules, alerts."""
