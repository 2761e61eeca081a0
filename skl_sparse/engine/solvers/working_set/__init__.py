"""p <= 1: a working set of columns outside, coordinate descent and Newton steps inside."""
