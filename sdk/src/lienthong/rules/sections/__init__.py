"""The sections of a rule set: one class each, every field a setting of regulations §13g."""
