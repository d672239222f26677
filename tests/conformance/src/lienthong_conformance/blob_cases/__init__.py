"""The cases of the blob-store contract, by theme."""
