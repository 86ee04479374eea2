"""Installs from local registries at the end of a line, of ecosystems whose own registry few machines reach."""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from urllib.parse import urlsplit

from bench.errands import LINE, Asked, Errand, Steps, astray, kept, pointed
from bench.goods import KB, MB
from bench.places import free_port, installed
from bench.processes import Server
from bench.upstream import nginx_command

from registry.composer_registry import ComposerRegistry
from registry.conda_registry import CondaRegistry
from registry.hf_registry import Blob, Hub
from registry.oci_registry import CONFIG, LAYER, MANIFEST, Image, Manifest, OciRegistry, named
from registry.openvsx_registry import OpenVsxRegistry
from registry.packages import noise
from registry.perl_registry import PerlRegistry
from registry.rubygems_registry import GemRegistry

DIRECT = "a local registry, 1 Gbit/s, 10 ms away"

COUNT = 40
SIZES = tuple(20 * KB * (1 + number % 20) for number in range(COUNT))
"""Of the packages where there are many: 20 to 400 kB, 8 MB together."""

LAYERS = (30 * MB, 10 * MB, 5 * MB, 2 * MB, 200 * KB)
EXTENSIONS = (5 * MB, 2 * MB, 1 * MB)
WEIGHTS = (25 * MB, 10 * MB, 5 * MB)
SMALL = (500 * KB, 100 * KB, 20 * KB, 5 * KB, 2 * KB)
FEW = 10


@contextmanager
def _front(folder: Path, url: str, *, ready: str, rewritten: str = "") -> Iterator[str]:
    """nginx in front of a registry; `rewritten` is a line of its settings. Gives its URL."""
    port = free_port()
    http = (
        f"  access_log off;\n  server {{\n    listen 127.0.0.1:{port};\n    {rewritten}\n    location / {{\n"
        f"      proxy_pass {url};\n      proxy_buffering off;\n      proxy_http_version 1.1;\n    }}\n  }}\n"
    )
    with Server("nginx", nginx_command(folder, http), f"http://127.0.0.1:{port}", folder=folder, ready=ready) as server:
        yield f"{server.url}/"


# ---------------------------------------------------------------- gems


@contextmanager
def _gems(_: Path) -> Iterator[str]:
    with GemRegistry() as registry:
        for number, size in enumerate(SIZES):
            registry.add(f"part{number}", "1.0.0", padding=size)
        registry.add("whole", "1.0.0", {f"part{number}": ">= 1.0" for number in range(COUNT)})
        registry.weather.set("*", LINE)
        yield registry.url


def _bundle(folder: Path, asked: Asked) -> Steps:
    (folder / "Gemfile").write_text('source "https://gems.example"\ngem "whole"\n')
    own = {"HOME": str(folder), "BUNDLE_PATH": str(folder / "gems"), "BUNDLE_SILENCE_ROOT_WARNING": "true"}
    environ = {**kept("BUNDLE", "GEM", "RUBY", **own), **astray()}
    if asked.gateway:
        environ = pointed("bundler", folder, asked.gateway, environ)
    else:
        environ["BUNDLE_MIRROR__ALL"] = asked.upstream
    return Steps((("bundle", "install", "--quiet"),), environ, folder)


# ---------------------------------------------------------------- archives of PHP


@contextmanager
def _packages(_: Path) -> Iterator[str]:
    with ComposerRegistry() as registry:
        for number, size in enumerate(SIZES):
            registry.add(f"acme/part{number}", "1.0.0", padding=size)
        registry.add("acme/whole", "1.0.0", {f"acme/part{number}": "^1.0" for number in range(COUNT)})
        registry.root_extra = {"mirrors": []}
        registry.weather.set("*", LINE)
        yield registry.url


def _composer(folder: Path, asked: Asked) -> Steps:
    (folder / "composer.json").write_text('{"require": {"acme/whole": "*"}, "config": {"allow-plugins": false}}')
    own = {"HOME": str(folder), "COMPOSER_ALLOW_SUPERUSER": "1", "COMPOSER_NO_AUDIT": "1"}
    environ = {**kept("COMPOSER", **own), **astray()}
    if asked.gateway:
        environ = pointed("composer", folder, asked.gateway, environ)
    else:
        home = folder / "settings"
        home.mkdir()
        repository = {"type": "composer", "url": asked.upstream}
        told = {"config": {"secure-http": False}, "repositories": {"packagist": repository}}
        (home / "config.json").write_text(json.dumps(told))
        environ["COMPOSER_HOME"] = str(home)
    command = ("composer", "install", "--quiet", "--no-interaction", "--no-progress")
    return Steps((command,), environ, folder)


# ---------------------------------------------------------------- container images


@contextmanager
def _images(folder: Path) -> Iterator[str]:
    """Behind nginx, which answers at once whoever tries TLS first, as skopeo does."""
    layers = tuple(noise(size, str(size)) for size in LAYERS)  # a copy does not look inside
    config = b'{"architecture":"amd64","os":"linux"}'

    def described(kind: str, blob: bytes) -> dict[str, object]:
        return {"mediaType": kind, "digest": named(blob), "size": len(blob)}

    tree = {"schemaVersion": 2, "mediaType": MANIFEST, "config": described(CONFIG, config)}
    body = json.dumps({**tree, "layers": [described(LAYER, layer) for layer in layers]}).encode()
    with OciRegistry() as registry:
        registry.push("library/whole", "1", Image(Manifest(body, MANIFEST), (config, *layers)))
        registry.weather.set("*", LINE)
        with _front(folder, registry.url, ready="/v2/") as url:
            yield url


def _skopeo(folder: Path, asked: Asked) -> Steps:
    """The image's name says where it is, as people write it who use no mirror."""
    place = urlsplit(asked.gateway or asked.upstream).netloc
    environ = {**kept("REGISTRY_", "DOCKER_", "CONTAINERS_", HOME=str(folder)), **astray()}
    copy = ("copy", "--quiet", "--src-tls-verify=false", f"docker://{place}/library/whole:1", "dir:out")
    return Steps((("skopeo", "--insecure-policy", *copy),), environ, folder)


# ---------------------------------------------------------------- editor extensions


@contextmanager
def _extensions(folder: Path) -> Iterator[str]:
    """Behind nginx, which says what the newest version is: the gateway reads lists, but ovsx itself asks for it."""
    with OpenVsxRegistry() as registry:
        for number, size in enumerate(EXTENSIONS):
            registry.add("acme", f"part{number}", "1.0.0", padding=size)
        registry.weather.set("*", LINE)
        newest = r"rewrite ^/api/acme/(\w+)$ /api/acme/$1/1.0.0;"
        with _front(folder, registry.url, ready="/api/version", rewritten=newest) as url:
            yield url


def _ovsx(folder: Path, asked: Asked) -> Steps:
    environ = {**kept("OVSX_", HOME=str(folder)), **astray()}
    if asked.gateway:
        environ = pointed("ovsx", folder, asked.gateway, environ)
    else:
        environ["OVSX_REGISTRY_URL"] = asked.upstream.rstrip("/")
    program = installed("ovsx")
    wanted = (("-v", "1.0.0", "-o", f"part{number}.vsix") for number in range(len(EXTENSIONS)))
    commands = tuple((program, "get", f"acme.part{number}", *rest) for number, rest in enumerate(wanted))
    return Steps(commands, environ, folder)


# ---------------------------------------------------------------- conda packages


@contextmanager
def _channel(folder: Path) -> Iterator[str]:
    with CondaRegistry(folder) as registry:
        for number, size in enumerate(SIZES):
            registry.add(f"part{number}", "1.0.0", channel="lab", padding=size)
        registry.add("whole", "1.0.0", tuple(f"part{number} >=1.0" for number in range(COUNT)), channel="lab")
        registry.index("lab")
        registry.weather.set("*", LINE)
        yield registry.url


def _rattler(folder: Path, asked: Asked) -> Steps:
    environ = {**kept("CONDA", "RATTLER", "PIXI", "MAMBA", HOME=str(folder)), **astray()}
    script = str(Path(__file__).with_name("rattler_install.py"))
    return Steps(((sys.executable, script, asked.base("conda"), "lab", "whole"),), environ, folder)


# ---------------------------------------------------------------- models


@lru_cache(maxsize=len(WEIGHTS) + len(SMALL))
def _sha256(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()


class _Known(Blob):
    """A file whose digest is worked out once: a hub that hashed everything again for each request would be slow."""

    @property
    def sha256(self) -> str:
        return _sha256(self.body)


@contextmanager
def _hub(_: Path) -> Iterator[str]:
    weights = {f"part{n}.safetensors": _Known(noise(size, f"w{n}"), large=True) for n, size in enumerate(WEIGHTS)}
    others = {f"part{n}.json": _Known(noise(size, f"s{n}")) for n, size in enumerate(SMALL)}
    with Hub() as registry:
        registry.repository("models/acme/whole").commit({**weights, **others})
        registry.weather.set("*", LINE)
        yield registry.url


def _snapshot(folder: Path, asked: Asked) -> Steps:
    own = {"HOME": str(folder), "HF_HOME": str(folder / "home"), "HF_HUB_DISABLE_TELEMETRY": "1"}
    environ = {**kept("HF_", "HUGGING", **own), **astray()}
    if asked.gateway:
        environ = pointed("hf", folder, asked.gateway, environ)
    else:
        environ |= {"HF_ENDPOINT": asked.upstream.rstrip("/"), "HF_HUB_DISABLE_XET": "1"}
    script = "from huggingface_hub import snapshot_download; snapshot_download('acme/whole', local_dir='out')"
    return Steps(((sys.executable, "-c", script),), environ, folder)


# ---------------------------------------------------------------- distributions of Perl


@contextmanager
def _mirror(_: Path) -> Iterator[str]:
    with PerlRegistry() as registry:
        for number in range(FEW):
            registry.add(f"Part{number}", "1.0", padding=SIZES[number])
        registry.add("Whole", "1.0", {f"Part{number}": "1.0" for number in range(FEW)})
        registry.weather.set("*", LINE)
        yield registry.url


def _cpanm(folder: Path, asked: Asked) -> Steps:
    """It builds each one before it fetches the next."""
    environ = {**kept("PERL", HOME=str(folder)), **astray()}
    if asked.gateway:
        environ = pointed("cpanm", folder, asked.gateway, environ)
    else:
        environ["PERL_CPANM_OPT"] = f"--from {asked.upstream.rstrip('/')}"
    command = ("cpanm", "--quiet", "--notest", "--save-dists", "dists", "--local-lib", "local", "Whole")
    return Steps((command,), environ, folder)


ERRANDS = (
    Errand(
        "rubygems", "bundle install, no lock file", ("bundle",), "gems/**/cache/*.gem", _bundle, _gems, DIRECT,
    ),
    Errand(
        "composer", "composer install, no lock file", ("composer", "php"), "vendor/acme/*/noise.bin", _composer,
        _packages, DIRECT,
    ),
    Errand("oci", "skopeo copy, one image", ("skopeo",), "out/*", _skopeo, _images, DIRECT),
    Errand("openvsx", "ovsx get, one after the other", ("ovsx", "node"), "*.vsix", _ovsx, _extensions, DIRECT),
    Errand(
        "conda", "rattler's solve and install (py-rattler)", (), "prefix/share/*.bin", _rattler, _channel, DIRECT,
        modules=("rattler",),
    ),
    Errand(
        "hf", "huggingface_hub's snapshot_download", (), "out/part*", _snapshot, _hub, DIRECT,
        modules=("huggingface_hub",),
    ),
    Errand("perl", "cpanm, without tests", ("cpanm", "make"), "dists/**/*.gz", _cpanm, _mirror, DIRECT),
)  # fmt: skip
