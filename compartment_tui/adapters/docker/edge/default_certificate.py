"""The edge's own certificate, shown for names that have none: one document for the whole engine.

Without it Traefik generates an RSA key at every change of any route document, and switches wait for
that: 0.15 s in the middle of a deploy, 0.3 s and more on a busy machine.
"""

import tomllib
from datetime import UTC, datetime, timedelta

import tomli_w

NAME = "compartment-tui edge"
"""Whose certificate it is, for whoever looks at it: it proves nothing."""
VALID = timedelta(days=3650)
EARLIER = timedelta(days=1)
"""Clocks differ: it is valid from so long before it was made."""


def document() -> str:
    """A route document with a new self-signed certificate and its key, which is of no other use."""
    # Slow to load, and needed once in the life of an engine.
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.hazmat.primitives.serialization import (
        Encoding,
        NoEncryption,
        PrivateFormat,
    )

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, NAME)])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - EARLIER)
        .not_valid_after(now + VALID)
        .sign(key, hashes.SHA256())
    )
    pair = {
        "certFile": certificate.public_bytes(Encoding.PEM).decode(),
        "keyFile": key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode(),
    }
    return tomli_w.dumps({"tls": {"stores": {"default": {"defaultCertificate": pair}}}})


def is_whole(content: bytes) -> bool:
    """Whether that is such a document; one that was cut off or changed is made anew."""
    try:
        parsed = tomllib.loads(content.decode("utf-8"))
        pair = parsed["tls"]["stores"]["default"]["defaultCertificate"]
        return "PRIVATE KEY" in pair["keyFile"] and "CERTIFICATE" in pair["certFile"]
    except (ValueError, LookupError, TypeError):
        return False
