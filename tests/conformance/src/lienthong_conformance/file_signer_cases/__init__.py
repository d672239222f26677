"""Cases of the contract of file signers."""
