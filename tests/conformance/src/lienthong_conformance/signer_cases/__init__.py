"""The cases of the signer contract, by theme."""
