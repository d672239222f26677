"""Signatures over envelopes and the certificates behind them; takes bytes and a time."""
