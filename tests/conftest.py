"""What holds for every test: a shared machine is slow at times, and no test may depend on speed."""

from hypothesis import HealthCheck, settings

settings.register_profile("schoolgate", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("schoolgate")
