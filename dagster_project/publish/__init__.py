"""Swap in what readers see."""
