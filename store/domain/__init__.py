"""Values and pure functions: the standard library only, no I/O, no clock."""
