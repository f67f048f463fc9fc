"""Certificates and keys made for a test, as PEM."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
)

NOW = datetime(2026, 11, 29, 12, tzinfo=UTC)
DAYS = timedelta(days=90)


def new_key() -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


def key_text(
    key: Any,  # noqa: ANN401  (any kind of private key)
    form: PrivateFormat = PrivateFormat.PKCS8,
    *,
    password: str = "",
) -> str:
    lock = BestAvailableEncryption(password.encode()) if password else NoEncryption()
    return str(key.private_bytes(Encoding.PEM, form, lock).decode())


def certificate_text(
    key: Any,  # noqa: ANN401  (any kind of private key)
    names: Sequence[str | x509.GeneralName],
    *,
    begins: datetime = NOW - timedelta(days=1),
    ends: datetime = NOW + DAYS,
) -> str:
    """Signed by itself; without names it has no such extension at all."""
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "example.com")])
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(begins)
        .not_valid_after(ends)
    )
    if names:
        general = [x509.DNSName(one) if isinstance(one, str) else one for one in names]
        builder = builder.add_extension(x509.SubjectAlternativeName(general), critical=False)
    signer = None if hasattr(key, "sign") and "Ed25519" in type(key).__name__ else hashes.SHA256()
    return builder.sign(key, signer).public_bytes(Encoding.PEM).decode()
