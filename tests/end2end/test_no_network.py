"""A machine without any network: studio, router and viewers on it still find each other.

Runs a few of the other tests anew where only loopback exists. Chromium gathers nothing without an interface that has an
address; a cable without a network behind it is enough.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
ALONE = ["unshare", "--net"] if os.geteuid() == 0 else ["unshare", "--map-root-user", "--net"]
LOOPBACK = "ip link set lo up"
CABLE = (
    f"{LOOPBACK} && ip link add cable type veth peer name plug && ip addr add 10.99.0.1/24 dev cable"
    " && ip link set cable up && ip link set plug up"
)


def run_alone(network: str, *tests: str) -> None:
    if subprocess.run([*ALONE, "sh", "-c", network], capture_output=True).returncode:
        pytest.skip("this system does not let us make a network namespace")
    pytest_command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:xdist", *tests]
    # the outer run's workers are none of the inner run's business
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST")}
    done = subprocess.run(
        [*ALONE, "sh", "-c", f'{network} && exec "$@"', "sh", *pytest_command],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=100,
    )
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-2000:]


@pytest.mark.slow
@pytest.mark.alone
@pytest.mark.timeout(120)
def test_router_and_whip_work_on_loopback_alone() -> None:
    run_alone(
        LOOPBACK,
        "tests/end2end/test_router.py::test_every_picture_reaches_every_viewer",
        "tests/end2end/test_whip.py::test_every_picture_reaches_a_viewer_and_the_resource_is_deleted",
    )


@pytest.mark.slow
@pytest.mark.alone
@pytest.mark.timeout(120)
def test_chromium_watches_where_no_network_answers() -> None:
    run_alone(CABLE, "tests/end2end/test_router_chromium.py")
