"""Reports: what the regulations want counted, from facts to figures (regulations §9, §13f)."""
