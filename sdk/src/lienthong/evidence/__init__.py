"""What proves the journal offline: Merkle tree, checkpoints, receipts, evidence bundles."""
