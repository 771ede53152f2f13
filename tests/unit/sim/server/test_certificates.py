import shutil
import ssl
from pathlib import Path

import pytest

from farwatch.sim.errors import SimError
from farwatch.sim.server.certificates import make_certificate


@pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl is not installed")
def test_a_certificate_is_its_own_authority(tmp_path: Path) -> None:
    made = make_certificate(tmp_path)
    assert isinstance(made.context(), ssl.SSLContext)
    trusting = ssl.create_default_context(cafile=str(made.certificate))
    assert trusting.cert_store_stats()["x509"] == 1


def test_without_openssl_the_way_out_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(SimError, match="install it, or serve plain HTTP"):
        make_certificate(tmp_path)


@pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl is not installed")
def test_a_folder_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(SimError, match="could not make a certificate"):
        make_certificate(tmp_path / "none")
