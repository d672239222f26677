"""The cases of the file-verifier contract, by theme."""
