"""p < 1: several starts and a local search, since there are many minima."""
