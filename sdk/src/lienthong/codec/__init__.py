"""Bytes and text to model values and back; one module per format."""
