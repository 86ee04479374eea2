"""The reference registry as a process of its own, with or without a token service in front."""

from __future__ import annotations

import base64
import json
import os
import shutil
import socket
import subprocess
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Self
from urllib.parse import parse_qs

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.x509.oid import NameOID

from registry.server import Request, Server
from registry.weather import Reply

PROGRAM = "docker-registry"


def installed() -> bool:
    """Is the reference registry on this machine?"""
    return shutil.which(PROGRAM) is not None


class SignedTokens:
    """A token service on loopback whose tokens the reference registry believes: JSON Web Tokens signed with RSA."""

    def __init__(self, folder: Path) -> None:
        self.asked: list[str] = []
        """The scope of every token that was given."""
        self._key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "tests")])
        now = datetime.now(UTC)
        self._certificate = (
            x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(self._key.public_key())
            .serial_number(x509.random_serial_number()).not_valid_before(now - timedelta(days=1))
            .not_valid_after(now + timedelta(days=1)).sign(self._key, hashes.SHA256())
        )  # fmt: skip
        self.bundle = folder / "tokens.pem"
        self.bundle.write_bytes(self._certificate.public_bytes(serialization.Encoding.PEM))
        self._server = Server(("tokens",), self._answer)

    def __enter__(self) -> Self:
        self._server.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.stop()

    @property
    def realm(self) -> str:
        return f"http://127.0.0.1:{self._server.ports['tokens']}/token"

    def _answer(self, request: Request) -> Reply:
        scope = parse_qs(request.query).get("scope", [""])[0]
        self.asked.append(scope)
        kind, name, actions = scope.split(":") if scope else ("", "", "")
        access = [{"type": kind, "name": name, "actions": actions.split(",")}] if scope else []
        der = self._certificate.public_bytes(serialization.Encoding.DER)
        head = {"typ": "JWT", "alg": "RS256", "x5c": [base64.b64encode(der).decode()]}
        now = int(time.time())
        claims = {
            "iss": "tests", "sub": "", "aud": "tests", "iat": now, "nbf": now - 60, "exp": now + 300, "jti": "1",
            "access": access,
        }  # fmt: skip
        signed = b".".join(_url_safe(json.dumps(part).encode()) for part in (head, claims))
        signature = _url_safe(self._key.sign(signed, padding.PKCS1v15(), hashes.SHA256()))
        body = json.dumps({"token": (signed + b"." + signature).decode(), "expires_in": 300}).encode()
        return Reply(200, {"content-type": "application/json"}, body)


def _url_safe(raw: bytes) -> bytes:
    return base64.urlsafe_b64encode(raw).rstrip(b"=")


class ReferenceRegistry:
    """`with ReferenceRegistry(folder) as registry:` runs it on a free port of loopback until the block ends."""

    def __init__(self, folder: Path, tokens: SignedTokens | None = None) -> None:
        self.store = folder / "registry"
        self._folder = folder
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.netloc = f"127.0.0.1:{free.getsockname()[1]}"
        settings: dict[str, object] = {
            "version": "0.1",
            "log": {"level": "error", "accesslog": {"disabled": True}},
            "storage": {"filesystem": {"rootdirectory": str(self.store)}},
            "http": {"addr": self.netloc},
        }
        if tokens:
            auth = {"realm": tokens.realm, "service": "tests", "issuer": "tests", "rootcertbundle": str(tokens.bundle)}
            settings["auth"] = {"token": auth}
        self._settings = folder / f"registry-{self.netloc.rpartition(':')[2]}.yml"
        self._settings.write_text(json.dumps(settings))  # JSON is YAML
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"http://{self.netloc}/"

    def __enter__(self) -> Self:
        environ = {k: v for k, v in os.environ.items() if not k.startswith(("OTEL_", "REGISTRY_"))}
        with (self._folder / "registry.log").open("ab") as log:
            command = [PROGRAM, "serve", str(self._settings)]
            self._process = subprocess.Popen(command, stdout=log, stderr=log, env=environ)
        deadline = time.monotonic() + 20
        while not self._answers():
            if self._process.poll() is not None or time.monotonic() > deadline:
                self.stop()
                raise RuntimeError(f"the registry did not start:\n{(self._folder / 'registry.log').read_text()}")
            time.sleep(0.05)
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def stop(self) -> None:
        """End it; harmless when it has ended."""
        if self._process is not None:
            self._process.terminate()
            self._process.wait(20)
            self._process = None

    def _answers(self) -> bool:
        try:
            host, _, port = self.netloc.rpartition(":")
            socket.create_connection((host, int(port)), 1).close()
        except OSError:
            return False
        return True

    def blob(self, digest: str) -> Path:
        """Where it keeps a blob."""
        hexadecimal = digest.removeprefix("sha256:")
        return self.store / "docker/registry/v2/blobs/sha256" / hexadecimal[:2] / hexadecimal / "data"
