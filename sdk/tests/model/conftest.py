"""Settings of Hypothesis."""

from __future__ import annotations

from hypothesis import HealthCheck, settings

# Time limits say nothing on a machine that other jobs use too.
settings.register_profile(
    "values", deadline=None, suppress_health_check=[HealthCheck.too_slow], max_examples=60
)
settings.load_profile("values")
