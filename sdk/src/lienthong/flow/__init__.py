"""The two state machines of the regulation: tables as data, ``step`` as a pure function."""
