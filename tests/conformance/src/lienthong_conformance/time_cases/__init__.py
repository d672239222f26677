"""The cases of the contract of time sources, by theme."""
