"""The made packets reach what real ones will: values are found in each coding, names in each protocol."""

from detectors.compile import load_catalogue
from sensor.settings import SensorSettings
from sensor.warm import warm


def test_made_packets_are_decoded_named_and_looked_into() -> None:
    done = warm(SensorSettings(), load_catalogue(None))
    assert done.status == {"ok": done.packets}
    assert done.flows == 8
    assert done.findings >= 5
    assert {"inspected", "undecodable"} <= set(done.coverage)
