"""The cases of the record-store contract, by theme."""
