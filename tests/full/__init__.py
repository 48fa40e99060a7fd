"""Promises at their full size: `python -m tests.full [R1 …]` runs them with real processes, real kills and a real PostgreSQL."""
