"""The benchmark: what the databases can do at all (the limit), what peers do, what ours does, and the ratio. `python -m tests.bench --help`.

Ours is measured through the public Store, the real server and the real command. Arms are interleaved in one run and every ratio is taken
within one round, so that a busy machine slows all of them alike: read ratios, never absolutes.
"""
