"""The edge's own certificate: whole, self-signed, and told from what is none."""

import ssl
import tomllib
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec

from compartment_tui.adapters.docker.edge import default_certificate, traefik


@pytest.fixture(scope="module")
def document() -> str:
    return default_certificate.document()


def test_certificate_and_key_belong_together(document: str, tmp_path: Path) -> None:
    pair = tomllib.loads(document)["tls"]["stores"]["default"]["defaultCertificate"]
    chain, key = tmp_path / "cert.pem", tmp_path / "key.pem"
    chain.write_text(pair["certFile"])
    key.write_text(pair["keyFile"])
    ssl.create_default_context(ssl.Purpose.CLIENT_AUTH).load_cert_chain(chain, key)
    certificate = x509.load_pem_x509_certificate(pair["certFile"].encode())
    assert certificate.issuer == certificate.subject
    assert isinstance(certificate.public_key(), ec.EllipticCurvePublicKey)


def test_every_engine_gets_another(document: str) -> None:
    assert default_certificate.document() != document


def test_it_is_no_route_document(document: str) -> None:
    with pytest.raises(traefik.UnreadableDocument):
        traefik.read(document)
    assert default_certificate.is_whole(document.encode())


@pytest.mark.parametrize("cut", [0, 20, 300, -5])
def test_a_cut_one_is_not_whole(document: str, cut: int) -> None:
    assert not default_certificate.is_whole(document.encode()[:cut])


@pytest.mark.parametrize(
    "content",
    [b"", b"\xff", b"tls = 1", b"[tls.stores]", b"[tls.stores.default.defaultCertificate]", b"[["],
)
def test_something_else_is_not_whole(content: bytes) -> None:
    assert not default_certificate.is_whole(content)
