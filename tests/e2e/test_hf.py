"""The Hub through a real gateway: the protocol by hand, and the library that everybody uses for it."""

from __future__ import annotations

import importlib.util
import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from e2e.clients import alone, ran, unable
from e2e.scene import ALWAYS_OLD, eventually, in_front_of, never_whole, refused
from registry.hf_registry import A_PAGE, HUB, STORAGE, Blob, Hub
from registry.packages import noise
from registry.weather import Weather
from subak.adoption.settings import fill
from subak.ecosystems.hf import HF

CONFIG = Blob(b'{"hidden_size": 8}\n')
WEIGHTS = Blob(noise(300_000, "weights"), large=True)
FILES = {"config.json": CONFIG, "model.bin": WEIGHTS, "a folder/odd #name?.txt": Blob(b"odd\n"), "100%.txt": Blob(b"%")}


@pytest.fixture
def upstream() -> Iterator[Hub]:
    with Hub() as hub:
        model = hub.repository("models/acme/m")
        model.commit({"config.json": Blob(b"{}\n")}, "old")
        model.commit(FILES, "main", "refs/pr/1")
        hub.repository("datasets/acme/d").commit({"train.parquet": Blob(noise(5000, "rows"), large=True)})
        yield hub


before = partial(in_front_of, "hf")


def head_of(upstream: Hub, ref: str = "main") -> str:
    return upstream.repository("models/acme/m").refs[ref]


# ---------------------------------------------------------------- the protocol by hand


def test_the_head_of_a_file_is_told_without_fetching_it(upstream: Hub, tmp_path: Path) -> None:
    commit = head_of(upstream)
    with before(upstream, tmp_path) as gateway:
        for revision in (commit, "main", "refs%2Fpr%2F1"):
            for path, blob in (("model.bin", WEIGHTS), ("config.json", CONFIG)):
                answer = gateway.ask(f"/hf/acme/m/resolve/{revision}/{path}", method="HEAD")
                assert (answer.status, answer["content-length"]) == (200, str(len(blob.body)))
                assert answer["x-repo-commit"] == commit
                assert (answer["x-linked-etag"], answer["x-linked-size"]) == (f'"{blob.etag}"', str(len(blob.body)))
                assert answer["accept-ranges"] == "bytes"
                assert "location" not in answer.headers
                assert not [name for name in answer.headers if "xet" in name or name == "link"]
        assert upstream.seen("*/resolve/*") == []
        assert upstream.seen(door=STORAGE) == []
        assert len(upstream.seen(f"/api/models/acme/m/tree/{commit}")) == 1


def test_files_come_whole_from_wherever_the_hub_keeps_them(upstream: Hub, tmp_path: Path) -> None:
    commit = head_of(upstream)
    with before(upstream, tmp_path) as gateway:
        for path, blob in (("model.bin", WEIGHTS), ("config.json", CONFIG)):
            for revision in ("main", commit):
                answer = gateway.ask(f"/hf/acme/m/resolve/{revision}/{path}")
                assert (answer.status, answer.complete, answer.body) == (200, True, blob.body)
                assert (answer["x-repo-commit"], answer["x-linked-etag"]) == (commit, f'"{blob.etag}"')
                assert "xet" not in str(answer.headers)
                assert ("immutable" in answer["cache-control"]) is (revision == commit)
                eventually(lambda blob=blob: blob.sha256 in gateway.blobs())
        assert len(upstream.seen(door=STORAGE)) == 1
        path = f"/hf/acme/m/resolve/{commit}/model.bin"
        part = gateway.ask(path, {"range": "bytes=100000-"})
        assert (part.status, part.body) == (206, WEIGHTS.body[100_000:])
        assert gateway.ask(path, {"if-none-match": part["etag"]}).status == 304


def test_equal_files_are_fetched_once(upstream: Hub, tmp_path: Path) -> None:
    upstream.repository("models/acme/copy").commit({"renamed.bin": WEIGHTS})
    with before(upstream, tmp_path) as gateway:
        assert gateway.ask("/hf/acme/m/resolve/main/model.bin").body == WEIGHTS.body
        eventually(lambda: WEIGHTS.sha256 in gateway.blobs())
        assert gateway.ask("/hf/acme/copy/resolve/main/renamed.bin").body == WEIGHTS.body
        assert len(upstream.seen(door=STORAGE)) == 1


def test_lists_do_not_tell_of_ways_past_us(upstream: Hub, tmp_path: Path) -> None:
    commit = head_of(upstream)
    with before(upstream, tmp_path) as gateway:
        answer = gateway.ask(f"/hf/api/models/acme/m/tree/{commit}?recursive=true&expand=false")
        assert {row["path"] for row in answer.json()} == FILES.keys()
        assert "xet" not in answer.body.decode()
        for path in (f"/api/models/acme/m/xet-read-token/{commit}", "/acme/m/raw/main/config.json", "/api/whoami-v2"):
            refused(gateway.ask(f"/hf{path}"), 404)
        assert upstream.seen("*xet*") == []


def test_a_branch_that_moves(upstream: Hub, tmp_path: Path) -> None:
    first = head_of(upstream)
    with before(upstream, tmp_path, ALWAYS_OLD) as gateway:
        assert gateway.ask("/hf/acme/m/resolve/main/config.json")["x-repo-commit"] == first
        second = upstream.repository("models/acme/m").commit({"config.json": Blob(b"new\n")})
        answer = gateway.ask("/hf/acme/m/resolve/main/config.json")
        assert (answer["x-repo-commit"], answer.body) == (second, b"new\n")
        assert gateway.ask(f"/hf/acme/m/resolve/{first}/config.json").body == CONFIG.body
        assert gateway.ask("/hf/api/models/acme/m").json()["sha"] == second


def test_what_is_not_there(upstream: Hub, tmp_path: Path) -> None:
    commit = head_of(upstream)
    with before(upstream, tmp_path) as gateway:
        for path in (
            f"acme/m/resolve/{commit}/none.bin",
            "acme/m/resolve/none/config.json",
            "api/models/acme/m/refs/x",
        ):
            answer = gateway.ask(f"/hf/{path}")
            refused(answer, 404)
            assert answer.json()["error"]
            assert "Not found" in answer["x-error-message"]
        assert upstream.seen("*/resolve/*") == []
        assert gateway.ask("/hf/api/models/acme/m/commit/main", method="POST", body=b"{}").status == 405


def test_bytes_that_are_not_what_was_announced_are_refused(upstream: Hub, tmp_path: Path) -> None:
    commit = head_of(upstream)
    upstream.weather.set("/bucket/*", Weather(corrupt=True))
    upstream.weather.set("*/config.json", Weather(corrupt=True))
    with before(upstream, tmp_path) as gateway:
        for path in ("model.bin", "config.json"):
            never_whole(gateway.ask(f"/hf/acme/m/resolve/{commit}/{path}"), 502)
        assert not {WEIGHTS.sha256, CONFIG.sha256} & gateway.blobs().keys()
        upstream.weather.clear()
        for path, blob in (("model.bin", WEIGHTS), ("config.json", CONFIG)):
            assert gateway.ask(f"/hf/acme/m/resolve/{commit}/{path}").body == blob.body
        eventually(lambda: gateway.leftovers() == [])


@pytest.mark.parametrize("body", [b"<html>sign in</html>", b"{}", b'{"sha":"main"}'])
def test_a_document_that_is_none_is_not_kept(upstream: Hub, tmp_path: Path, body: bytes) -> None:
    upstream.weather.set("/api/models/acme/m/revision/main", Weather(body=body))
    with before(upstream, tmp_path, ALWAYS_OLD) as gateway:
        refused(gateway.ask("/hf/api/models/acme/m/revision/main"), 502)
        refused(gateway.ask("/hf/acme/m/resolve/main/config.json"), 502)
        upstream.weather.clear()
        good = gateway.ask("/hf/api/models/acme/m/revision/main")
        upstream.weather.set("/api/models/acme/m/revision/main", Weather(body=body))
        stale = gateway.ask("/hf/api/models/acme/m/revision/main")
        assert (stale.status, stale.body, stale["x-subak-cache"]) == (200, good.body, "stale")


def test_a_withheld_commit(upstream: Hub, tmp_path: Path) -> None:
    bad, good = head_of(upstream), head_of(upstream, "old")
    with before(upstream, tmp_path, {"access.deny": f"pkg:huggingface/Acme/M@{bad}"}) as gateway:
        for path in ("api/models/acme/m", f"api/models/acme/m/tree/{bad}", f"acme/m/resolve/{bad}/config.json"):
            refused(gateway.ask(f"/hf/{path}"), 403)
        refused(gateway.ask("/hf/acme/m/resolve/main/config.json"), 403)
        assert [row["id"] for row in gateway.ask("/hf/api/models/acme/m/commits/main").json()] == [good]
        assert [row["name"] for row in gateway.ask("/hf/api/models/acme/m/refs").json()["branches"]] == ["old"]
        assert gateway.ask(f"/hf/acme/m/resolve/{good}/config.json").body == b"{}\n"
        assert upstream.seen(f"*/resolve/{bad}/*") == []


# ---------------------------------------------------------------- the library


@dataclass(slots=True)
class Person:
    """A fresh machine whose library is pointed here by what `subak env` says. Going past the gateway fails."""

    folder: Path
    url: str
    environ: dict[str, str] = field(default_factory=dict)

    def run(self, code: str) -> subprocess.CompletedProcess[str]:
        """A few lines of Python with the library's names."""
        if importlib.util.find_spec("huggingface_hub") is None:
            unable("huggingface_hub is not installed beside this Python")
        ours = {name: fill(value, self.url) for name, value in HF.clients[0].environ}
        self.folder.mkdir(parents=True, exist_ok=True)
        home = {"HF_HOME": str(self.folder / "hf"), "HF_HUB_DISABLE_PROGRESS_BARS": "1"}
        environ = alone(self.folder, "HF_", "HUGGING", **{**ours, **home, **self.environ})
        return ran([sys.executable, "-c", f"from huggingface_hub import *\n{code}"], self.folder, environ)

    def good(self, expression: str) -> Any:
        """The value of an expression, as JSON. Fails when the library does."""
        done = self.run(f"import json\nprint(json.dumps({expression}))")
        assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
        return json.loads(done.stdout.splitlines()[-1])

    def bad(self, expression: str) -> str:
        """What the library says when it fails."""
        done = self.run(f"print({expression})")
        assert done.returncode != 0, done.stdout
        return done.stderr

    def snapshot(self, *arguments: str) -> dict[str, bytes]:
        """What `snapshot_download` brings, by path."""
        folder = Path(self.good(f"snapshot_download({', '.join(map(repr, arguments)) or repr('acme/m')})"))
        return {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


WHOLE = {path: blob.body for path, blob in FILES.items()}


def test_a_snapshot_cold_then_from_here_alone(upstream: Hub, tmp_path: Path) -> None:
    with before(upstream, tmp_path) as gateway:
        first = Person(tmp_path / "one", gateway.url)
        assert first.snapshot() == WHOLE
        named = {p.name for p in (first.folder / "hf" / "hub" / "models--acme--m" / "blobs").iterdir()}
        assert named == {blob.etag for blob in FILES.values()}, "files are named as without a gateway"
        assert {r.method for r in upstream.seen("*/resolve/*")} == {"GET"}
        assert len(upstream.seen("*/resolve/*", HUB)) == len(FILES)
        eventually(lambda: {blob.sha256 for blob in FILES.values()} <= gateway.blobs().keys())
        upstream.down()
        assert Person(tmp_path / "two", gateway.url).snapshot() == WHOLE
        assert Person(tmp_path / "three", gateway.url).good("open(hf_hub_download('acme/m', 'config.json')).read()")


def test_single_files_of_every_kind_of_repository_and_revision(upstream: Hub, tmp_path: Path) -> None:
    size = "__import__('os').path.getsize"
    asked = {
        f"{size}(hf_hub_download('acme/d', 'train.parquet', repo_type='dataset'))": 5000,
        f"{size}(hf_hub_download('acme/m', 'model.bin', revision='refs/pr/1'))": 300_000,
        f"{size}(hf_hub_download('acme/m', 'a folder/odd #name?.txt'))": 4,
        "sorted(list_repo_files('acme/m'))": sorted(FILES),
        "[i.size for i in HfApi().get_paths_info('acme/m', ['model.bin', 'none'])]": [300_000],
        "[b.name for b in list_repo_refs('acme/m').branches]": ["old", "main", "refs/pr/1"],
        "[m.id for m in list_models(search='acme')]": ["acme/m"],
        "list_repo_commits('acme/m')[0].commit_id": head_of(upstream),
    }
    with before(upstream, tmp_path) as gateway:
        person = Person(tmp_path / "one", gateway.url)
        assert person.good(f"[{', '.join(asked)}]") == list(asked.values())


def test_more_files_than_one_page_holds(upstream: Hub, tmp_path: Path) -> None:
    many = {f"{n:03}.txt": Blob(b"%d" % n) for n in range(2 * A_PAGE + 5)}
    commit = upstream.repository("models/acme/many").commit(many)
    with before(upstream, tmp_path) as gateway:
        last = max(many)
        answer = gateway.ask(f"/hf/acme/many/resolve/{commit}/{last}")
        assert answer.body == many[last].body
        assert len(upstream.seen("*/paths-info/*", method="POST")) == 1, (
            "asked for alone, as no list was read to its end"
        )
        person = Person(tmp_path / "one", gateway.url)
        assert person.good("sorted(list_repo_files('acme/many'))") == sorted(many)
        upstream.down()
        assert person.good("sorted(list_repo_files('acme/many'))") == sorted(many)


def test_the_library_is_told_why_not(upstream: Hub, tmp_path: Path) -> None:
    with before(upstream, tmp_path, {"access.deny": "pkg:huggingface/acme/m"}) as gateway:
        person = Person(tmp_path / "one", gateway.url)
        said = person.bad("snapshot_download('acme/m')")
        assert "deny list" in said
        assert "403" in said
        assert "404" in person.bad("hf_hub_download('acme/d', 'none', repo_type='dataset')")
        assert "Not found" in person.bad("model_info('acme/m', revision='x' * 300)")


def test_libraries_may_look_for_files_that_need_not_be_there(upstream: Hub, tmp_path: Path) -> None:
    """Loaders probe optional files, and go on when the hub's own code says that it is the file that is not."""
    with before(upstream, tmp_path) as gateway:
        probe = "file_exists('acme/m', 'generation_config.json')"
        assert Person(tmp_path / "one", gateway.url).good(probe) is False
        upstream.down()
        assert Person(tmp_path / "two", gateway.url).good(probe) is False


def test_a_corrupt_upstream_gives_no_file(upstream: Hub, tmp_path: Path) -> None:
    upstream.weather.set("/bucket/*", Weather(corrupt=True))
    with before(upstream, tmp_path) as gateway:
        person = Person(tmp_path / "one", gateway.url)
        person.bad("hf_hub_download('acme/m', 'model.bin')")
        assert not list(person.folder.rglob(WEIGHTS.sha256))
        assert WEIGHTS.sha256 not in gateway.blobs()
        upstream.weather.clear()
        assert person.snapshot() == WHOLE


def test_a_download_that_breaks_off_goes_on_where_it_was(upstream: Hub, tmp_path: Path) -> None:
    half = len(WEIGHTS.body) // 2
    with before(upstream, tmp_path) as gateway:
        person = Person(tmp_path / "one", gateway.url)
        (person.folder).mkdir()
        (person.folder / "part").write_bytes(WEIGHTS.body[:half])
        url = f"{gateway.url}/hf/acme/m/resolve/{head_of(upstream)}/model.bin"
        resume = f"http_get({url!r}, part, resume_size={half}, expected_size={len(WEIGHTS.body)})"
        done = person.run(
            f"from huggingface_hub.file_download import http_get\nwith open('part', 'ab') as part: {resume}"
        )
        assert done.returncode == 0, done.stderr
        assert (person.folder / "part").read_bytes() == WEIGHTS.body
        gateway.stop()
        rows = [json.loads(row) for f in gateway.data.rglob("*.jsonl") for row in f.read_text().splitlines()]
        (sent,) = [row for row in rows if row["ecosystem"] == "hf"]
        assert sent["status"] == 206


def test_an_upstream_that_breaks_off_is_asked_for_the_rest(upstream: Hub, tmp_path: Path) -> None:
    upstream.weather.set("/bucket/*", Weather(truncate=200_000, times=1))
    with before(upstream, tmp_path) as gateway:
        assert Person(tmp_path / "one", gateway.url).snapshot() == WHOLE
        first, second = upstream.seen(door=STORAGE)
        assert "range" not in first.headers
        assert second.headers["range"] == "bytes=200000-"
