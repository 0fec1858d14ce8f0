"""Everything killed, cut, repeated and damaged at random moments, and what is in the store afterwards."""
