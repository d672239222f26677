"""The law as code: pure functions over dates, instants and a work calendar."""
