"""A certificate of a test's own, for names that it makes up."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

from tests.adapters.authority import certificate_text, key_text, new_key

MONTH = timedelta(days=30)


def write_certificate(directory: Path, *names: str) -> tuple[Path, Path]:
    """Its file and its key's; it is signed by itself, so that it can be believed alone."""
    key, now = new_key(), datetime.now(UTC)
    text = certificate_text(key, names, begins=now - MONTH, ends=now + MONTH)
    certificate, secret = directory / "own.pem", directory / "own.key"
    certificate.write_text(text, encoding="utf-8")
    secret.write_text(key_text(key), encoding="utf-8")
    secret.chmod(0o600)
    return certificate, secret
