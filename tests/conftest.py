"""What all tests share: where real data lies, and how hard property tests try."""

from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

# the same worlds in every run: a failure that comes and goes helps nobody
settings.register_profile(
    "default",
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
settings.load_profile("default")

DATA = Path(__file__).parents[2] / "shared" / "data"


@pytest.fixture(scope="session")
def data() -> Path:
    """Return the folder of real data, or skip."""
    if not DATA.is_dir():
        pytest.skip(f"no real data: {DATA} is not there")
    return DATA
