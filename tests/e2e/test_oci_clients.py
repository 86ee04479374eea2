"""Container images with the real clients: skopeo and crane through a real gateway, in front of real registries."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from e2e.clients import Runs, alone, ran, unable
from e2e.running import ROOT, Gateway
from e2e.scene import ALWAYS_OLD, eventually, in_front_of
from registry.oci_reference import ReferenceRegistry, SignedTokens, installed
from registry.oci_registry import Image, OciRegistry, build_image, build_index, named, write_layout
from registry.weather import Weather
from subak.adoption.settings import fill
from subak.ecosystems.oci import OCI

pytestmark = [pytest.mark.clients, pytest.mark.timeout(300)]

HELLO = "library/hello"
ONE = build_image("one", 2000)
TWO = build_image("two", 300_000)
ARM = build_image("arm", 10, "arm64")


def program(name: str) -> str:
    """Where a client is. Skips, or in CI fails, when it is not installed."""
    own = ROOT / ".cache" / "clients" / "bin"
    found = shutil.which(name, path=os.pathsep.join([str(own), os.environ.get("PATH", "")]))
    if not found:
        unable(f"{name} is not installed; tests/clients/prepare.sh says how")
        raise AssertionError
    return found


@dataclass(slots=True)
class Machine(Runs):
    """One person's fresh machine, without an image on it."""

    folder: Path
    netloc: str
    """The gateway, as images' names say it."""
    arguments: tuple[str, ...] = field(default=())
    """Put in front of skopeo's own."""

    def run(self, *command: str) -> subprocess.CompletedProcess[str]:
        self.folder.mkdir(parents=True, exist_ok=True)
        settings = ("XDG_CONFIG_HOME", "XDG_RUNTIME_DIR", "REGISTRY_AUTH_FILE", "DOCKER_CONFIG")
        return ran(command, self.folder, alone(self.folder, *settings))

    # ---- skopeo

    def skopeo(self, *arguments: str) -> tuple[str, ...]:
        return (program("skopeo"), *self.arguments, "--insecure-policy", *arguments)

    def copy(self, name: str, to: str = "out") -> tuple[str, ...]:
        """The command that fetches an image into a folder."""
        insecure = () if self.arguments else ("--src-tls-verify=false",)
        return self.skopeo("copy", *insecure, f"docker://{name}", f"dir:{to}")

    def pulled(self, image: Image, tag: str = "1", to: str = "out") -> None:
        """Fetch an image by skopeo. Fails unless all of it is there, to the byte."""
        self.must(*self.copy(f"{self.netloc}/{HELLO}:{tag}", to))
        assert (self.folder / to / "manifest.json").read_bytes() == image.manifest.body
        for body in image.blobs:
            assert (self.folder / to / named(body).removeprefix("sha256:")).read_bytes() == body

    # ---- crane

    def crane(self, *arguments: str) -> str:
        return self.must(program("crane"), *arguments)

    def image(self, tag: str = "1") -> str:
        return f"{self.netloc}/{HELLO}:{tag}"


def netloc(gateway: Gateway) -> str:
    return urlsplit(gateway.url).netloc


@pytest.fixture
def upstream() -> Iterator[OciRegistry]:
    with OciRegistry() as registry:
        registry.push(HELLO, "1", ONE)
        registry.push(HELLO, "2", TWO)
        registry.push(HELLO, "", ARM)
        registry.push(HELLO, "all", build_index(("amd64", ONE), ("arm64", ARM)))
        yield registry


@pytest.fixture
def reference(tmp_path: Path) -> Iterator[ReferenceRegistry]:
    """The reference registry with an image that skopeo pushed."""
    if not installed():
        unable("docker-registry is not installed; tests/clients/prepare.sh says how")
    with ReferenceRegistry(tmp_path) as registry:
        publish(registry, tmp_path, ONE, "1")
        yield registry


def publish(registry: ReferenceRegistry, folder: Path, image: Image, tag: str) -> None:
    layout = folder / f"layout-{image.manifest.digest[-8:]}"
    if not layout.exists():
        write_layout(layout, image)
    to = f"docker://{registry.netloc}/{HELLO}:{tag}"
    machine = Machine(folder / "publisher", registry.netloc)
    machine.must(*machine.skopeo("copy", "--all", "--dest-tls-verify=false", f"oci:{layout}:1", to))


before = partial(in_front_of, "oci")


def keeps(gateway: Gateway, *bodies: bytes) -> None:
    """Wait until all of these bytes are kept."""
    wanted = {named(body).removeprefix("sha256:") for body in bodies}
    eventually(lambda: wanted <= gateway.blobs().keys())


# ---------------------------------------------------------------- in front of the reference registry


def test_the_client_alone(reference: ReferenceRegistry, tmp_path: Path) -> None:
    """Straight at the registry: what fails here is not the gateway's doing."""
    Machine(tmp_path / "first", reference.netloc).pulled(ONE)


def test_cold_then_with_the_registry_stopped(reference: ReferenceRegistry, tmp_path: Path) -> None:
    with before(reference, tmp_path) as gateway:
        Machine(tmp_path / "first", netloc(gateway)).pulled(ONE)
        keeps(gateway, ONE.manifest.body, *ONE.blobs)
        reference.stop()
        Machine(tmp_path / "second", netloc(gateway)).pulled(ONE)
        third = Machine(tmp_path / "third", netloc(gateway))
        third.must(*third.copy(f"{netloc(gateway)}/{HELLO}@{ONE.manifest.digest}"))
        gateway.settings |= ALWAYS_OLD
        gateway.restart()
        Machine(tmp_path / "fourth", netloc(gateway)).pulled(ONE)
        assert "Traceback" not in gateway.log()


def test_pushed_again_under_the_same_tag(reference: ReferenceRegistry, tmp_path: Path) -> None:
    """The old image within its time, the new one afterwards; the old one by digest for ever."""
    with before(reference, tmp_path) as gateway:
        Machine(tmp_path / "first", netloc(gateway)).pulled(ONE)
        publish(reference, tmp_path, TWO, "1")
        Machine(tmp_path / "second", netloc(gateway)).pulled(ONE)
        gateway.settings |= ALWAYS_OLD
        gateway.restart()
        Machine(tmp_path / "third", netloc(gateway)).pulled(TWO)
        fourth = Machine(tmp_path / "fourth", netloc(gateway))
        fourth.must(*fourth.copy(f"{netloc(gateway)}/{HELLO}@{ONE.manifest.digest}"))


@pytest.mark.parametrize("image", [ONE, TWO], ids=["small", "large"])
def test_a_byte_flipped_on_the_registrys_disk(reference: ReferenceRegistry, tmp_path: Path, image: Image) -> None:
    publish(reference, tmp_path, image, "1")
    layer = reference.blob(image.digests[1])
    good = layer.read_bytes()
    layer.write_bytes(good[:-100] + bytes([good[-100] ^ 1]) + good[-99:])
    with before(reference, tmp_path) as gateway:
        machine = Machine(tmp_path / "first", netloc(gateway))
        machine.fails(*machine.copy(machine.image()))
        eventually(lambda: not gateway.leftovers())
        assert image.digests[1].removeprefix("sha256:") not in gateway.blobs()
        layer.write_bytes(good)
        Machine(tmp_path / "second", netloc(gateway)).pulled(image)


def test_a_registry_that_wants_tokens(reference: ReferenceRegistry, tmp_path: Path) -> None:
    """The client logs in nowhere: the gateway fetches one token for the repository."""
    reference.stop()
    with SignedTokens(tmp_path) as tokens, ReferenceRegistry(tmp_path, tokens) as closed:
        anonymous = Machine(tmp_path / "direct", closed.netloc)
        anonymous.must(*anonymous.copy(anonymous.image()))
        tokens.asked.clear()
        with before(closed, tmp_path) as gateway:
            Machine(tmp_path / "first", netloc(gateway)).pulled(ONE)
            assert tokens.asked == [f"repository:{HELLO}:pull"]


def test_lists_and_inspections(reference: ReferenceRegistry, tmp_path: Path) -> None:
    publish(reference, tmp_path, TWO, "2")
    with before(reference, tmp_path) as gateway:
        machine = Machine(tmp_path / "first", netloc(gateway))
        listed = machine.must(*machine.skopeo("list-tags", "--tls-verify=false", f"docker://{machine.netloc}/{HELLO}"))
        assert sorted(json.loads(listed)["Tags"]) == ["1", "2"]  # the reference registry sorts nothing
        raw = machine.must(*machine.skopeo("inspect", "--raw", "--tls-verify=false", f"docker://{machine.image('2')}"))
        assert raw.encode() == TWO.manifest.body
        told = machine.must(*machine.skopeo("inspect", "--tls-verify=false", f"docker://{machine.image()}"))
        assert json.loads(told)["Digest"] == ONE.manifest.digest


def test_crane(reference: ReferenceRegistry, tmp_path: Path) -> None:
    """The library of many other tools: ko, kaniko, cosign."""
    with before(reference, tmp_path) as gateway:
        machine = Machine(tmp_path / "first", netloc(gateway))
        assert machine.crane("digest", machine.image()).strip() == ONE.manifest.digest
        assert machine.crane("manifest", machine.image()).encode() == ONE.manifest.body
        assert machine.crane("ls", f"{machine.netloc}/{HELLO}").split() == ["1"]
        machine.crane("validate", "--remote", machine.image())
        keeps(gateway, *ONE.blobs)
        reference.stop()
        again = Machine(tmp_path / "second", netloc(gateway))
        again.crane("pull", "--format", "oci", again.image(), "out")
        for body in (ONE.manifest.body, *ONE.blobs):
            path = again.folder / "out" / "blobs" / "sha256" / named(body).removeprefix("sha256:")
            assert path.read_bytes() == body


# ---------------------------------------------------------------- in front of the local upstream


def test_what_a_pull_costs(upstream: OciRegistry, tmp_path: Path) -> None:
    with before(upstream, tmp_path) as gateway:
        Machine(tmp_path / "first", netloc(gateway)).pulled(ONE)
        keeps(gateway, *ONE.blobs)
        assert sorted((r.method, r.path.rpartition("/")[2]) for r in upstream.seen()) == sorted(
            [("GET", "1"), *(("GET", digest) for digest in ONE.digests)]
        )
        upstream.forget()
        Machine(tmp_path / "second", netloc(gateway)).pulled(ONE)
        assert upstream.seen() == []


def test_an_image_for_several_machines(upstream: OciRegistry, tmp_path: Path) -> None:
    with before(upstream, tmp_path) as gateway:
        machine = Machine(tmp_path / "first", netloc(gateway), ("--override-arch", "arm64"))
        insecure = ("copy", "--src-tls-verify=false")
        machine.must(*machine.skopeo(*insecure, f"docker://{machine.image('all')}", "dir:out"))
        assert (machine.folder / "out" / "manifest.json").read_bytes() == ARM.manifest.body
        assert upstream.seen(f"*/{ONE.digests[1]}") == [], "nobody asked for the other machine's layers"
        machine.must(*machine.skopeo(*insecure, "--all", f"docker://{machine.image('all')}", "dir:whole"))
        assert (machine.folder / "whole" / f"{ONE.manifest.digest[7:]}.manifest.json").read_bytes() == ONE.manifest.body


def test_layers_at_a_storage_host_and_tokens(tmp_path: Path) -> None:
    with OciRegistry(stored=True) as upstream:
        upstream.push(HELLO, "1", TWO)
        upstream.tokens.on = True
        with before(upstream, tmp_path) as gateway:
            Machine(tmp_path / "first", netloc(gateway)).pulled(TWO)
            upstream.down()
            Machine(tmp_path / "second", netloc(gateway)).pulled(TWO)


def test_the_client_says_why(upstream: OciRegistry, tmp_path: Path) -> None:
    deny = f"pkg:docker/{HELLO}@2"
    with before(upstream, tmp_path, access__deny=deny) as gateway:
        machine = Machine(tmp_path / "first", netloc(gateway))
        said = machine.fails(*machine.copy(machine.image("2")))
        assert "denied" in said
        assert "withheld by this gateway's policy" in said
        assert "withheld" in machine.fails(program("crane"), "manifest", machine.image("2"))
        assert "manifest unknown" in machine.fails(*machine.copy(machine.image("nowhere")))
        listed = machine.must(*machine.skopeo("list-tags", "--tls-verify=false", f"docker://{machine.netloc}/{HELLO}"))
        assert json.loads(listed)["Tags"] == ["1", "all"]
        machine.pulled(ONE)


def test_wrong_bytes(upstream: OciRegistry, tmp_path: Path) -> None:
    with before(upstream, tmp_path) as gateway:
        upstream.weather.set("*/blobs/*", Weather(corrupt=True))
        machine = Machine(tmp_path / "first", netloc(gateway))
        machine.fails(*machine.copy(machine.image("2")))
        eventually(lambda: not gateway.leftovers())
        assert gateway.blobs().keys() == {TWO.manifest.digest.removeprefix("sha256:")}
        upstream.weather.clear()
        machine.pulled(TWO, "2")


# ---------------------------------------------------------------- as a mirror


def filled(text: str, gateway: Gateway, folder: Path) -> str:
    """A setting of a client as `subak run` writes it, for an upstream called registry.example."""
    return fill(text, gateway.url, str(folder), "https://registry.example")


def test_as_a_mirror_by_the_file_that_is_written_for_it(upstream: OciRegistry, tmp_path: Path) -> None:
    """The image keeps the name that it has at its registry, which cannot be reached from here."""
    client = next(client for client in OCI.clients if client.name == "skopeo")
    with before(upstream, tmp_path) as gateway:
        for name, text in client.files:
            (tmp_path / name).write_text(filled(text, gateway, tmp_path))
        ((_, arguments),) = client.shims
        settings = tuple(filled(argument, gateway, tmp_path) for argument in arguments)
        machine = Machine(tmp_path / "first", "registry.example", settings)
        machine.pulled(TWO, "2")
        machine.must(*machine.copy(f"{netloc(gateway)}/{HELLO}:1", "direct"))
        assert "dial tcp" in machine.fails(*machine.copy(f"other.example/{HELLO}:1", "nowhere"))


def test_as_a_mirror_by_the_line_that_people_type(upstream: OciRegistry, tmp_path: Path) -> None:
    client = next(client for client in OCI.clients if client.name == "skopeo")
    with before(upstream, tmp_path) as gateway:
        machine = Machine(tmp_path / "first", "registry.example")
        machine.must("bash", "-c", filled(client.line, gateway, tmp_path))
        machine.must(*machine.skopeo("copy", f"docker://registry.example/{HELLO}:1", "dir:out"))
        assert (machine.folder / "out" / "manifest.json").read_bytes() == ONE.manifest.body
