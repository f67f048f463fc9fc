"""Own certificates of the pretended world."""

from compartment_tui.domain.config import CertificateSpec
from compartment_tui.domain.errors import CertificateInvalid, MissingVariables
from compartment_tui.domain.own_certificate import OwnCertificate
from compartment_tui.domain.variable import Secret


class MemoryCertificates:
    """`Certificates` that are what `given` has, by the path of the certificate."""

    def __init__(self) -> None:
        self.given: dict[str, OwnCertificate] = {}
        self.authorities: dict[str, str] = {}
        """What `authority` finds, by file."""

    def read(self, spec: CertificateSpec, secret: Secret | None = None) -> OwnCertificate:
        if spec.variable and secret is None:
            raise MissingVariables(f"the variable {spec.variable} has no value")
        if spec.cert not in self.given:
            raise CertificateInvalid(f"{spec.cert} has no certificate in it")
        return self.given[spec.cert]

    def authority(self, file: str) -> str:
        if file not in self.authorities:
            raise CertificateInvalid(f"{file} has no certificate in it")
        return self.authorities[file]
