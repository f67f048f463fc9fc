"""A project's own certificates: read, checked against their keys, and written anew.

The edge says nothing of a bad one but in its log, so whatever is wrong is found here. What it is
given is made from what was understood, and never the text that somebody wrote.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from compartment_tui.domain.config import CertificateSpec
from compartment_tui.domain.errors import CertificateInvalid, MissingVariables
from compartment_tui.domain.names import show
from compartment_tui.domain.own_certificate import OwnCertificate
from compartment_tui.domain.variable import Secret

if TYPE_CHECKING:
    from cryptography.x509 import Certificate

TABLE = "[[edge.certificates]]"
SMALLEST_RSA = 2048
"""In bits: browsers take nothing smaller."""
CURVES = ("secp256r1", "secp384r1", "secp521r1")
"""Those that the edge and browsers both know."""

_BLOCK = re.compile(r"-----BEGIN ([A-Z0-9 ]+)-----(?:[^-]|-(?!----))*+-----END \1-----")
_HOST = re.compile(r"(?:\*\.)?[a-z0-9-]+(?:\.[a-z0-9-]+)*")


class PemCertificates:
    """`Certificates` in PEM; `named_text` reads a file that the project file names."""

    def __init__(self, named_text: Callable[[str], str], now: Callable[[], datetime]) -> None:
        self._named_text = named_text
        self._now = now

    def read(self, spec: CertificateSpec, secret: Secret | None = None) -> OwnCertificate:
        chain = _chain(_named(spec), self._named_text(spec.cert))
        key = _key(spec, self._key_text(spec, secret))
        _check_pair(spec, chain, key)
        _check_time(spec, chain[0], self._now())
        return OwnCertificate(
            names=_names(spec, chain[0]),
            until=chain[0].not_valid_after_utc,
            pem=_written_chain(chain),
            key=_written_key(key),
        )

    def authority(self, file: str) -> str:
        named = f"{show(file)} in edge.acme.ca"
        return _written_chain(_chain(named, self._named_text(file)))

    def _key_text(self, spec: CertificateSpec, secret: Secret | None) -> str:
        if not spec.variable:
            return self._named_text(spec.key)
        if secret is None:
            raise MissingVariables(
                f"the key of {_named(spec)} is the variable {spec.variable}, which has no value",
                hint=f"compartment-tui variable set {spec.variable} --sensitive --stdin < KEY_FILE",
            )
        return secret.reveal()


@dataclass(frozen=True, slots=True)
class _Block:
    """A piece of PEM."""

    kind: str
    text: str


def _blocks(text: str) -> Iterator[_Block]:
    return (_Block(found[1], found[0]) for found in _BLOCK.finditer(text))


def _named(spec: CertificateSpec) -> str:
    return f"{show(spec.cert)} in {TABLE}"


def _key_named(spec: CertificateSpec) -> str:
    source = f"variable {spec.variable}" if spec.variable else show(spec.key)
    return f"the key {source} of {_named(spec)}"


# --- certificates ---------------------------------------------------------------------------------


def _chain(named: str, text: str) -> "tuple[Certificate, ...]":
    """All certificates of a file, in its order: the first is the one that visitors are shown."""
    from cryptography import x509

    blocks = [one for one in _blocks(text) if one.kind == "CERTIFICATE"]
    if not blocks:
        raise CertificateInvalid(f"{named} {_no_certificate(text)}", hint=_CERTIFICATE_HINT)
    found = []
    for number, block in enumerate(blocks, 1):
        try:
            found.append(x509.load_pem_x509_certificate(block.text.encode()))
        except ValueError as error:
            which = "" if len(blocks) == 1 else f", number {number} of {len(blocks)} in the file,"
            raise CertificateInvalid(
                f"the certificate {named}{which} cannot be read", hint=_CERTIFICATE_HINT
            ) from error
    return tuple(found)


_CERTIFICATE_HINT = (
    "it is to be PEM, the host's certificate first: "
    "openssl x509 -in FILE -noout -text shows what is in one"
)


def _no_certificate(text: str) -> str:
    kinds = [one.kind for one in _blocks(text)]
    if "CERTIFICATE REQUEST" in kinds:
        return "is a request for a certificate, not the certificate"
    if any(kind.endswith("PRIVATE KEY") for kind in kinds):
        return "is a key, not a certificate"
    return "has no certificate in it"


def _names(spec: CertificateSpec, certificate: "Certificate") -> tuple[str, ...]:
    """The hosts that a certificate is for. Browsers look at nothing else in it."""
    from cryptography import x509

    try:
        extension = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName)
        given = extension.value.get_values_for_type(x509.DNSName)
    except x509.ExtensionNotFound:
        given = []
    except (ValueError, x509.DuplicateExtension, x509.UnsupportedGeneralNameType) as error:
        message = f"what the certificate {_named(spec)} is for cannot be read"
        raise CertificateInvalid(message, hint=_CERTIFICATE_HINT) from error
    hosts = dict.fromkeys(name.lower().removesuffix(".") for name in given)
    names = tuple(name for name in hosts if _HOST.fullmatch(name))
    if not names:
        raise CertificateInvalid(
            f"the certificate {_named(spec)} is for no host: it has no DNS name",
            hint="ask for one with subjectAltName: the common name alone counts nowhere any more",
        )
    return names


def _check_time(spec: CertificateSpec, certificate: "Certificate", now: datetime) -> None:
    begins, ends = certificate.not_valid_before_utc, certificate.not_valid_after_utc
    if ends <= now:
        raise CertificateInvalid(
            f"the certificate {_named(spec)} ended on {ends:%Y-%m-%d}",
            hint="put the new one in its place, or take the table away",
        )
    if begins > now:
        raise CertificateInvalid(
            f"the certificate {_named(spec)} begins on {begins:%Y-%m-%d} only",
            hint="take the one that is good today; see this machine's clock, too",
        )


def _written_chain(chain: "tuple[Certificate, ...]") -> str:
    from cryptography.hazmat.primitives.serialization import Encoding

    return "".join(one.public_bytes(Encoding.PEM).decode() for one in chain)


# --- keys -----------------------------------------------------------------------------------------


def _key(spec: CertificateSpec, text: str) -> Any:  # noqa: ANN401  (any kind of private key)
    """The private key. Whatever is raised has no word of it, nor what raised it."""
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    blocks = [one for one in _blocks(text) if one.kind.endswith("PRIVATE KEY")]
    if not blocks:
        raise CertificateInvalid(f"{_key_named(spec)} {_no_key(text)}", hint=_KEY_HINT)
    if blocks[0].kind.startswith("ENCRYPTED") or "ENCRYPTED" in blocks[0].text:
        raise _locked(spec)
    try:
        key = load_pem_private_key(blocks[0].text.encode(), password=None)
    except TypeError:
        raise _locked(spec) from None
    except (ValueError, UnsupportedAlgorithm):
        raise CertificateInvalid(f"{_key_named(spec)} cannot be read", hint=_KEY_HINT) from None
    if fault := _kind_fault(key):
        hint = "ask for a certificate with a key of elliptic curve P-256, or RSA of 2048 bits"
        raise CertificateInvalid(f"{_key_named(spec)} {fault}", hint=hint)
    return key


_KEY_HINT = "it is to be PEM, from BEGIN to END: openssl pkey -in FILE -noout -check tries one"


def _locked(spec: CertificateSpec) -> CertificateInvalid:
    return CertificateInvalid(
        f"{_key_named(spec)} is locked with a passphrase, which nobody types at the edge",
        hint="unlock it: openssl pkey -in LOCKED -out UNLOCKED, and seal it as a variable",
    )


def _no_key(text: str) -> str:
    kinds = [one.kind for one in _blocks(text)]
    if any(kind.endswith("PUBLIC KEY") for kind in kinds):
        return "is a public key, not the private one"
    return "is a certificate, not its key" if "CERTIFICATE" in kinds else "has no key in it"


def _kind_fault(key: object) -> str:
    """Why the edge or browsers would not take it."""
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

    if isinstance(key, RSAPrivateKey):
        small = key.key_size < SMALLEST_RSA
        return f"is RSA of {key.key_size} bits, and browsers take {SMALLEST_RSA}" if small else ""
    if isinstance(key, EllipticCurvePrivateKey):
        known = key.curve.name in CURVES
        return "" if known else f"is on the curve {key.curve.name}, which the edge does not know"
    known = isinstance(key, Ed25519PrivateKey)
    return "" if known else "is of a kind that the edge does not know"


def _check_pair(
    spec: CertificateSpec,
    chain: "tuple[Certificate, ...]",
    key: Any,  # noqa: ANN401  (any kind of private key)
) -> None:
    """Whether it is the first certificate's key."""
    ours = _public(key)
    numbers = [number for number, one in enumerate(chain, 1) if _public(one) == ours]
    if 1 in numbers:
        return
    if numbers:
        raise CertificateInvalid(
            f"{_key_named(spec)} is of number {numbers[0]} in the file",
            hint="the host's certificate comes first, behind it those that sign for it",
        )
    raise CertificateInvalid(
        f"{_key_named(spec)} is of another certificate",
        hint="take the key that the certificate was asked for with",
    )


def _public(owner: Any) -> bytes | None:  # noqa: ANN401  (a key or a certificate)
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    try:
        form = PublicFormat.SubjectPublicKeyInfo
        written: bytes = owner.public_key().public_bytes(Encoding.DER, form)
    except (ValueError, UnsupportedAlgorithm):
        return None
    return written


def _written_key(key: Any) -> Secret:  # noqa: ANN401  (any kind of private key)
    from cryptography.hazmat.primitives.serialization import (
        Encoding,
        NoEncryption,
        PrivateFormat,
    )

    return Secret(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode())
