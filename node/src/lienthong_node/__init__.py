"""The reference axis node of lienthong."""
