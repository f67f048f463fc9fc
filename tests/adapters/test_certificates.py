"""A project's own certificates: what the edge is given, and what is wrong with the others."""

import base64
import ipaddress
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PrivateFormat,
    PublicFormat,
)
from hypothesis import given
from hypothesis import strategies as st

from compartment_tui.adapters.certificates import PemCertificates
from compartment_tui.adapters.memory.certificates import MemoryCertificates
from compartment_tui.adapters.project_file.project import TomlProject
from compartment_tui.domain.config import CertificateSpec
from compartment_tui.domain.errors import (
    CertificateInvalid,
    CompartmentError,
    MissingVariables,
    UsageProblem,
)
from compartment_tui.domain.own_certificate import OwnCertificate
from compartment_tui.domain.variable import Secret
from compartment_tui.ports import Certificates
from tests.adapters.authority import DAYS, NOW, certificate_text, key_text, new_key

KEY = new_key()
KEY_TEXT = key_text(KEY)
NAMES = ("example.com", "*.example.com")
CERTIFICATE = certificate_text(KEY, NAMES)
SPEC = CertificateSpec(cert="tls/a.pem", key="../a.key")
BY_VARIABLE = CertificateSpec(cert="tls/a.pem", variable="TLS_KEY")


def read(certificate: str = CERTIFICATE, key: str = KEY_TEXT) -> OwnCertificate:
    files = {SPEC.cert: certificate, SPEC.key: key}
    return PemCertificates(files.__getitem__, lambda: NOW).read(SPEC)


def problem(certificate: str = CERTIFICATE, key: str = KEY_TEXT) -> CompartmentError:
    with pytest.raises(CompartmentError) as caught:
        read(certificate, key)
    return caught.value


# --- good ones ------------------------------------------------------------------------------------


def test_what_the_edge_is_given() -> None:
    found = read()
    assert found.names == NAMES
    assert found.until == NOW + DAYS
    assert found.pem == CERTIFICATE
    assert found.key == Secret(KEY_TEXT)
    assert KEY_TEXT.splitlines()[1] not in repr(found)


def test_a_key_in_a_variable() -> None:
    reader = PemCertificates({SPEC.cert: CERTIFICATE}.__getitem__, lambda: NOW)
    assert reader.read(BY_VARIABLE, Secret(KEY_TEXT)) == read()
    with pytest.raises(MissingVariables) as caught:
        reader.read(BY_VARIABLE)
    assert "is the variable TLS_KEY, which has no value" in caught.value.message
    assert "variable set TLS_KEY --sensitive" in caught.value.hint


@pytest.mark.parametrize(
    "key",
    [
        rsa.generate_private_key(65537, 2048),
        ec.generate_private_key(ec.SECP384R1()),
        ed25519.Ed25519PrivateKey.generate(),
    ],
)
def test_kinds_of_keys(
    key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey,
) -> None:
    assert read(certificate_text(key, ["a.com"]), key_text(key)).names == ("a.com",)


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_forms_of_files(newline: str) -> None:
    """With remarks around, line breaks of either kind, and a key as openssl used to write it."""
    parameters = "-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n"
    old = parameters + key_text(KEY, PrivateFormat.TraditionalOpenSSL)
    found = read(
        f"subject=CN = {{{{ env }}}}\n{CERTIFICATE}\nremark\n".replace("\n", newline),
        old.replace("\n", newline),
    )
    assert found == read()
    assert "{{" not in found.pem


def test_those_that_sign_for_it_come_behind() -> None:
    other = certificate_text(new_key(), ["ca.example.com"])
    found = read(CERTIFICATE + other)
    assert found.pem == CERTIFICATE + other
    assert found.names == NAMES


def test_a_file_with_both() -> None:
    assert read(CERTIFICATE + KEY_TEXT, KEY_TEXT + CERTIFICATE) == read()


def test_names_are_hosts_in_small_letters() -> None:
    address = x509.IPAddress(ipaddress.ip_address("192.0.2.1"))
    certificate = certificate_text(KEY, ["WWW.Example.com", address, "www.example.com", "a`b.com"])
    assert read(certificate).names == ("www.example.com",)


def test_files_are_named_by_the_project_file(tmp_path: Path) -> None:
    root = tmp_path / "repository"
    (root / "tls").mkdir(parents=True)
    (root / "compartment.toml").write_text('[project]\nname = "shop"\n', encoding="utf-8")
    (root / SPEC.cert).write_text(CERTIFICATE, encoding="utf-8")
    (tmp_path / "a.key").write_text(KEY_TEXT, encoding="utf-8")
    project = TomlProject(root / "compartment.toml")
    reader = PemCertificates(project.named_text, lambda: NOW)
    assert reader.read(SPEC) == read()
    with pytest.raises(UsageProblem, match="cannot be read"):
        reader.read(CertificateSpec(cert=SPEC.cert, key="../b.key"))


def test_of_an_authoritys_file_only_certificates_are_taken() -> None:
    """Any file can be named, and what the edge is told of it others can see."""
    files = {"ca.pem": f"remark\n{KEY_TEXT}{CERTIFICATE}password = hunter2\n", "id_rsa": KEY_TEXT}
    reader = PemCertificates(files.__getitem__, lambda: NOW)
    assert reader.authority("ca.pem") == CERTIFICATE
    with pytest.raises(CertificateInvalid) as caught:
        reader.authority("id_rsa")
    assert caught.value.message == "“id_rsa” in edge.acme.ca is a key, not a certificate"


# --- bad ones -------------------------------------------------------------------------------------


def request_text() -> str:
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "example.com")])
    builder = x509.CertificateSigningRequestBuilder().subject_name(name)
    return builder.sign(KEY, hashes.SHA256()).public_bytes(Encoding.PEM).decode()


def broken(text: str) -> str:
    """Whole on the outside, with one byte less inside."""
    head, *body, foot = text.splitlines()
    inside = base64.b64decode("".join(body))[:-1]
    return f"{head}\n{base64.b64encode(inside).decode()}\n{foot}\n"


BAD_CERTIFICATES = (
    ("", "“tls/a.pem” in [[edge.certificates]] has no certificate in it"),
    ("MIIB", "has no certificate in it"),
    (CERTIFICATE[:-20], "has no certificate in it"),
    (KEY_TEXT, "is a key, not a certificate"),
    (request_text(), "is a request for a certificate, not the certificate"),
    (
        broken(CERTIFICATE),
        "the certificate “tls/a.pem” in [[edge.certificates]] cannot be read",
    ),
    (CERTIFICATE + broken(CERTIFICATE), "number 2 of 2 in the file, cannot be read"),
    (certificate_text(KEY, []), "is for no host: it has no DNS name"),
    (certificate_text(KEY, ["a_b.com"]), "is for no host"),
    (
        certificate_text(KEY, NAMES, begins=NOW - 2 * DAYS, ends=NOW - DAYS),
        f"ended on {NOW - DAYS:%Y-%m-%d}",
    ),
    (certificate_text(KEY, NAMES, ends=NOW), "ended on 2026-11-29"),
    (
        certificate_text(KEY, NAMES, begins=NOW + timedelta(days=2)),
        "begins on 2026-12-01 only",
    ),
    (certificate_text(new_key(), NAMES), "is of another certificate"),
    (certificate_text(new_key(), NAMES) + CERTIFICATE, "is of number 2 in the file"),
)


@pytest.mark.parametrize(
    ("certificate", "said"), BAD_CERTIFICATES, ids=[said for _, said in BAD_CERTIFICATES]
)
def test_what_is_no_good_certificate(certificate: str, said: str) -> None:
    found = problem(certificate)
    assert isinstance(found, CertificateInvalid)
    assert said in found.message
    assert found.hint


def public_text() -> str:
    form = PublicFormat.SubjectPublicKeyInfo
    return KEY.public_key().public_bytes(Encoding.PEM, form).decode()


BAD_KEYS = (
    ("", "the key “../a.key” of “tls/a.pem” in [[edge.certificates]] has no key in it"),
    (KEY_TEXT[:-20], "has no key in it"),
    (CERTIFICATE, "is a certificate, not its key"),
    (public_text(), "is a public key, not the private one"),
    (broken(KEY_TEXT), "cannot be read"),
    (KEY_TEXT.replace("M", "\ud800"), "cannot be read"),
    (key_text(KEY, password="hunter2"), "is locked with a passphrase"),
    (
        key_text(KEY, PrivateFormat.TraditionalOpenSSL, password="hunter2"),
        "is locked with a passphrase",
    ),
    (key_text(rsa.generate_private_key(65537, 1024)), "is RSA of 1024 bits"),  # noqa: S505
    (key_text(ec.generate_private_key(ec.SECP256K1())), "is on the curve secp256k1"),
    (key_text(dsa.generate_private_key(1024)), "is of a kind that the edge"),  # noqa: S505
    (key_text(new_key()), "is of another certificate"),
)


@pytest.mark.parametrize(("key", "said"), BAD_KEYS, ids=[said for _, said in BAD_KEYS])
def test_what_is_no_good_key(key: str, said: str) -> None:
    found = problem(key=key)
    assert isinstance(found, CertificateInvalid)
    assert said in found.message
    assert found.hint
    for inside in filter(None, key.splitlines()[1:-1]):
        assert inside not in f"{found.message}{found.hint}{found.__cause__!r}"


@given(
    st.text(max_size=200) | st.binary(max_size=200).map(lambda one: base64.b64encode(one).decode())
)
def test_rubbish_is_refused_in_our_words(inside: str) -> None:
    for kind in ("CERTIFICATE", "PRIVATE KEY", "EC PRIVATE KEY"):
        text = f"-----BEGIN {kind}-----\n{inside}\n-----END {kind}-----\n"
        assert isinstance(problem(certificate=text), CertificateInvalid)
        assert isinstance(problem(key=text), CertificateInvalid)


def test_a_file_of_beginnings_is_not_searched_for_ever() -> None:
    assert "has no certificate" in problem("-----BEGIN A-----\n" * 100_000).message


# --- what all readers promise ---------------------------------------------------------------------


def memory() -> Certificates:
    made = MemoryCertificates()
    made.given[SPEC.cert] = read()
    made.authorities["ca.pem"] = CERTIFICATE
    return made


def pem() -> Certificates:
    files = {SPEC.cert: CERTIFICATE, SPEC.key: KEY_TEXT, "b.pem": "", "ca.pem": CERTIFICATE}
    return PemCertificates(files.__getitem__, lambda: NOW)


@pytest.mark.parametrize("open_reader", [memory, pem])
def test_all_readers_keep_the_promises(open_reader: Callable[[], Certificates]) -> None:
    reader = open_reader()
    assert reader.read(SPEC) == read()
    assert reader.read(BY_VARIABLE, Secret(KEY_TEXT)) == read()
    with pytest.raises(MissingVariables):
        reader.read(BY_VARIABLE)
    with pytest.raises(CertificateInvalid):
        reader.read(CertificateSpec(cert="b.pem", key=SPEC.key))
    assert reader.authority("ca.pem") == CERTIFICATE
    with pytest.raises(CertificateInvalid):
        reader.authority("b.pem")
