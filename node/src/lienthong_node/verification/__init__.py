"""The axis verifies the signatures in files, where a recipient's rule set wants it."""
