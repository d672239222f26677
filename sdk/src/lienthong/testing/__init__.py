"""For tests of software that uses this SDK: clocks, keys, stores and evidence in memory."""
