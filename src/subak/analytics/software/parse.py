"""One User-Agent in, one Software out: pure, total, and quick enough for every distinct agent of a large log."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Final, Literal, NamedTuple
from urllib.parse import unquote

import msgspec

from subak.analytics.software.machine import Machine, machine, processor, runtime, system
from subak.analytics.software.pack import Pack, Rule, built_in, numbers
from subak.analytics.software.record import FLAGS, MOST, PURPOSES, Kind, Purpose, Software

LONGEST: Final = 2048
"""Characters that are read; pip's JSON has about 500."""

_GENERIC: Final = frozenset(("library", "browser", "script"))
"""Kinds that anybody's program shows; a more particular name in the same agent tells more."""
_CRAWLERS: Final = frozenset(("search", "ai-training", "ai-agent", "monitor", "preview", "scanner"))
_ON_A_MACHINE: Final = frozenset(("installer", "caching-proxy", "mirror", "script", "library", "browser"))
"""Kinds whose agents tell about the machine."""

_WITH_KERNEL: Final = frozenset(("installer", "caching-proxy", "mirror", "script"))

_LEAD: Final = re.compile(r"[\s\"']*(@?[^\s/(;,:@]+)")
_WORD: Final = re.compile(r"[A-Za-z][\w.!-]*", re.ASCII)
_LINK: Final = re.compile(r"\+?(?:https?:/?/?|www\.)[^\s;,)]*|[\w.+-]+@[\w.-]+", re.IGNORECASE | re.ASCII)
_VERSION: Final = re.compile(r"[\s/@:=-]{1,3}v?(\d[\w.+~-]{0,39})", re.IGNORECASE | re.ASCII)
_CLEAN: Final = re.compile(r"[\w.+~:-]{1,40}", re.ASCII)
_CONTACT: Final = re.compile(r"://\S|\w@[\w-]+\.\w", re.ASCII)
_QUOTED: Final = re.compile(r"%(?:25)?(?:2[0-9a-f]|7b)", re.IGNORECASE | re.ASCII)
_ESCAPED: Final = re.compile(r"\\(?:x22|\")", re.ASCII)
_SUSPECT: Final = ("<", "${", "{{", "() {", "()%20{", "../", "'", "\x1b")
"""One of these is in every text that a mark for attacks finds; looking for them is cheaper."""


class _Named(msgspec.Struct):
    name: str = ""
    version: str = ""
    subcommand: tuple[str, ...] | None = None


class _System(msgspec.Struct):
    name: str | None = None
    release: str | None = None


class _Told(msgspec.Struct):
    """What pip and uv tell in JSON, as far as it matters here."""

    installer: _Named = msgspec.field(default_factory=_Named)
    implementation: _Named | None = None
    system: _System | None = None
    cpu: str | None = None
    python: str | None = None
    ci: bool | msgspec.UnsetType | None = msgspec.UNSET
    user_data: msgspec.Raw | msgspec.UnsetType = msgspec.UNSET


_told = msgspec.json.Decoder(_Told)


class _Found(NamedTuple):
    rule: Rule
    end: int
    """Where the name ends in the text."""
    text: str


class _Declared(NamedTuple):
    """What a rule's grammar yields beyond name and version."""

    ci: Literal[True] | None = None
    vendor: str = ""
    self_hosted: bool | None = None
    silent: bool = False
    """It could have declared CI and did not."""
    session: str = ""
    command: str = ""
    machine: Machine = Machine()
    kernel: str = ""
    """Text that may hold the release of the kernel."""


def parse(agent: str, pack: Pack | None = None) -> Software:
    """Read one agent; total on any text. Callers remember results: real logs repeat few distinct agents."""
    pack = pack or built_in()
    text = agent[:LONGEST].strip()
    flags: set[str] = set()
    if text in ("", "-", '"-"', "(null)", "null", "None", "%22-%22"):
        return _software(pack, Software("none"), "unknown", {"empty"}, _Declared())
    text = _decoded(text, flags)
    if not text.isprintable() or any(mark in text for mark in _SUSPECT):
        flags.update(flag for flag, mark in pack.marks if mark.search(text))
        if not text.isprintable():
            flags.add("control")
    found, families = _find(pack, text)
    if len(families) >= 3:
        flags.add("contradiction")
    if found is None:
        return _unknown(pack, text, flags)
    if found.rule.kind in _GENERIC:
        if _CONTACT.search(text):
            flags.add("contact")
        guessed = _guess(pack, text, browser=found.rule.kind == "browser")
        if guessed:
            return _guessed(pack, guessed, text, flags)
        if found.rule.kind == "library" and not _leads(found.rule, text):
            flags.add("named")  # somebody's own program, made with that library
            plain = Software(found.rule.family, _version(found), "script")
            return _software(pack, plain, "script", flags, _Declared())
    return _known(pack, found, text, flags)


_WRITTEN: Final = {
    "": "", "none": "", "go-http": "Go-http-client/", "python-requests": "python-requests/",
    "python-urllib": "Python-urllib/", "aiohttp": "Python/3 aiohttp/", "node": "node/", "crawler": "crawler bot/",
    "browser": "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Safari/537.36 Chrome/",
}  # fmt: skip
"""Names that readings give to what has no rule of its own, as it is written in agents."""


def recalled(family: str, version: str, ci: bool, pack: Pack | None = None) -> Software:
    """What a reading kept of an agent: the family by the readings' names, the version, whether it declared CI."""
    pack = pack or built_in()
    if family in _WRITTEN:
        return parse(_WRITTEN[family] + version, pack) if family not in ("", "none") else parse("", pack)
    rule = next((rule for rule in pack.rules if rule.family == family), None)
    declared = _Declared(ci=True if ci else None)
    known = bool(_WORD.match(family)) and family != "unknown"
    if rule is None:
        return _software(pack, Software(version=version), "unknown", {"named"} if known else set(), declared)
    software = Software(rule.family, version, rule.kind, ecosystem=rule.entry.ecosystem)
    return _software(pack, software, rule, set(rule.entry.flags), declared)


def rule_of(agent: str, pack: Pack | None = None) -> Rule | None:
    """The rule of the pack that decides what the agent is; None if none does."""
    found, _ = _find(pack or built_in(), _decoded(agent[:LONGEST].strip(), set()))
    return found.rule if found else None


# ---------------------------------------------------------------- finding the rule


def _decoded(text: str, flags: set[str]) -> str:
    """Without the escapings that some log formats add; readers should have done it."""
    if "%" in text and " " not in text and _QUOTED.search(text):
        for _ in range(2):  # one well-known network encodes twice
            text = unquote(text) if "%" in text else text
        flags.add("encoded")
    if "\\" in text and _ESCAPED.search(text):
        text = _ESCAPED.sub('"', text)
        flags.add("encoded")
    if "+" in text and " " not in text and re.search(r"\+[({]", text):
        text = text.replace("+", " ")
    return text[:LONGEST].strip()


def _find(pack: Pack, text: str) -> tuple[_Found | None, set[str]]:
    """The rule that says what the agent is, and the crawlers it claims to be."""
    first = _LEAD.match(text)
    lead = _rule(pack.lead, first[1].lower(), text) if first else None
    best = _Found(lead, first.end(), text) if first and lead else None
    if lead is not None and lead.kind not in _GENERIC and lead.kind not in _CRAWLERS:
        return best, set()
    prose = _prose(text)
    families: set[str] = set()
    for word in _WORD.finditer(prose):
        name = word[0].rstrip(".-!").lower()
        rule = _rule(pack.anywhere, name, prose)
        end = word.start() + len(name)
        if rule is None or (rule.at == "product" and prose[end : end + 1] != "/"):
            continue
        if rule.kind in _CRAWLERS:
            families.add(rule.family)
        if best is None or rule.order < best.rule.order:
            best = _Found(rule, end, prose)
    return best, families


def _rule(index: Mapping[str, tuple[Rule, ...]], name: str, text: str) -> Rule | None:
    for rule in index.get(name, ()):
        if rule.holds(text):
            return rule
    if "-" in name or "_" in name:
        short = name.replace("_", "-").partition("-")[0]  # Googlebot-Anything is Googlebot; pip-anything is not pip
        for rule in index.get(short, ()):
            if rule.kind in _CRAWLERS and rule.holds(text):
                return rule
    return None


def _prose(text: str) -> str:
    """Without links and mail addresses: they name those who wrote the software, and pages about robots."""
    return _LINK.sub(" ", text) if "://" in text or "@" in text or "www." in text else text


def _leads(rule: Rule, text: str) -> bool:
    first = _LEAD.match(text)
    start = first[1].lower() if first else ""
    return start == "mozilla" or any(name.lower().partition(" ")[0] == start for name in rule.names)


def _guess(pack: Pack, text: str, *, browser: bool) -> Kind | None:
    text = text.lower()
    prose = _prose(text)
    linked = prose is not text
    for hint, pattern in pack.hints:
        if (browser and not hint.browsers) or (hint.links and not linked):
            continue
        if pattern.search(text if hint.links else prose):
            return hint.kind
    return None


# ---------------------------------------------------------------- what it says


def _known(pack: Pack, found: _Found, text: str, flags: set[str]) -> Software:
    rule = found.rule
    version = _version(found)
    flags.update(rule.entry.flags)
    declared = _from_json(found, text, flags) if rule.entry.json else _from_text(pack, rule, text, version)
    if rule.shape is not None and not rule.shape.search(text):
        flags.add("off-shape")
        declared = declared._replace(silent=False)
    if declared.kernel:
        flags.update(flag for flag, mark in pack.marks if flag != "hostile" and mark.search(declared.kernel))
    software = Software(rule.family, version, rule.kind, ecosystem=rule.entry.ecosystem)
    return _software(pack, software, rule, flags, declared)


def _version(found: _Found) -> str:
    pattern = found.rule.version
    at = pattern.search(found.text) if pattern else _VERSION.match(found.text, found.end)
    if at is None and pattern is None and found.rule.match:
        name = found.rule.match.search(found.text)
        at = _VERSION.match(found.text, name.end()) if name else None
    clean = _CLEAN.match(at[1]) if at and at[1] else None
    return clean[0].rstrip(".+~:-") if clean else ""


def _from_text(pack: Pack, rule: Rule, text: str, version: str) -> _Declared:
    place = Machine()
    if rule.kind == "browser":
        place = machine(text.partition(")")[0])  # the rest names other browsers
    elif rule.kind in _ON_A_MACHINE:
        place = machine(text)
    if rule.runtime is not None:
        engine = rule.runtime[1].search(text)
        place = place._replace(runtime=f"{rule.runtime[0]} {engine[1]}" if engine else "")
    session = rule.session.search(text) if rule.session else None
    command = rule.command.search(text) if rule.command else None
    declared = _Declared(
        session=session[1][:64] if session else "",
        command=command[1][:40].lower() if command else "",
        machine=place,
        kernel=text if rule.kind in _WITH_KERNEL else "",
    )
    said = rule.ci.search(text) if rule.ci else None
    if said is None:
        return declared._replace(silent=bool(rule.declares) and numbers(version) >= rule.declares)
    vendor, self_hosted = _service(pack, said.groupdict())
    return declared._replace(ci=True, vendor=vendor, self_hosted=self_hosted)


def _service(pack: Pack, told: Mapping[str, str | None]) -> tuple[str, bool | None]:
    """The CI service of the groups vendor and sub, or of a list that also holds general words."""
    names = [name.strip().lower() for name in (told.get("vendor") or told.get("list") or "").split(",")]
    sub = (told.get("sub") or "").lower()
    for name in names:
        if name in pack.services:
            service = pack.services[name]
            return service.name, pack.sub.get(sub, service.self_hosted)
    return ("other" if any(name not in ("", "ci", "true", "1") for name in names) else ""), None


def _from_json(found: _Found, text: str, flags: set[str]) -> _Declared:
    start, end = text.find("{"), text.rfind("}") + 1
    if start < 0:
        return _Declared(machine=machine(text))  # as pip wrote it before 6, or only its name
    try:
        told = _told.decode(text[start:end])
    except (msgspec.MsgspecError, UnicodeError, RecursionError):
        flags.add("off-shape" if text.endswith("}") else "truncated")
        return _from_torn(text[start:])
    if told.installer.name.lower() not in ("", found.rule.family):
        flags.add("contradiction")
    if told.user_data is not msgspec.UNSET:
        flags.add("user-data")
    engine, place = told.implementation or _Named(), told.system or _System()
    version = engine.version or told.python or ""
    return _Declared(
        ci=True if told.ci is True else None,
        silent=told.ci is None,
        command=" ".join(told.installer.subcommand or ())[:40].lower(),
        machine=Machine(
            system(place.name or ""),
            processor(told.cpu or ""),
            f"{engine.name.lower() or 'cpython'} {version}"[:40] if version else "",
        ),
        kernel=place.release or "",
    )


def _from_torn(text: str) -> _Declared:
    """What can still be read of a JSON object that ends too early."""
    ci = re.search(r'"ci"\s*:\s*(true|null|false)', text)
    name = re.search(r'"system"\s*:\s*\{\s*"name"\s*:\s*"(\w+)"', text)
    cpu = re.search(r'"cpu"\s*:\s*"(\w+)"', text)
    python = re.search(r'"python"\s*:\s*"(\d[\w.]{0,15})"', text)
    return _Declared(
        ci=True if ci and ci[1] == "true" else None,
        silent=bool(ci) and ci is not None and ci[1] == "null",
        machine=Machine(
            system(name[1]) if name else "",
            processor(cpu[1]) if cpu else "",
            f"cpython {python[1]}" if python else runtime(text),
        ),
    )


# ---------------------------------------------------------------- not in the pack


def _unknown(pack: Pack, text: str, flags: set[str]) -> Software:
    if _CONTACT.search(text):
        flags.add("contact")
    guessed = _guess(pack, text, browser=False)
    if guessed:
        return _guessed(pack, guessed, text, flags)
    lead = _LEAD.match(text)
    name = lead[1].lower() if lead else ""
    if name == "mozilla":
        flags.add("off-shape")  # every program may begin like this; no browser ends here
    elif _WORD.match(name):
        flags.add("named")
    return _software(pack, Software(), "unknown", flags, _Declared())


def _guessed(pack: Pack, kind: Kind, text: str, flags: set[str]) -> Software:
    flags.add("guessed")
    return _software(pack, Software(f"other-{kind}", kind=kind), kind, flags, _Declared())


# ---------------------------------------------------------------- weights


def _software(pack: Pack, plain: Software, rule: Rule | Kind, flags: set[str], declared: _Declared) -> Software:
    """The plain record with what was declared, and with all evidence added up."""
    state = "silent" if declared.silent else ""
    if declared.ci:
        state = {True: "self-hosted", False: "hosted", None: "either"}[declared.self_hosted]
    os = declared.machine.os if plain.kind == "installer" else ""
    return Software(
        *(plain.family, plain.version, plain.kind, declared.ci, declared.vendor, declared.self_hosted),
        *(*declared.machine, declared.session, declared.command, plain.ecosystem),
        flags=tuple(flag for flag in FLAGS if flag in flags) if flags else (),
        purposes=_purposes(pack, rule, frozenset(flags), state, os),
    )


@lru_cache(8192)  # few combinations occur, however many agents there are
def _purposes(
    pack: Pack, rule: Rule | Kind, flags: frozenset[str], state: str, os: str
) -> tuple[tuple[Purpose, float], ...]:
    """All evidence added up: of the rule (or the kind), less where there is doubt, of CI, flags and system."""
    evidence = pack.evidence
    doubt = math.prod(evidence.doubt.get(flag, 1.0) for flag in sorted(flags))
    weights = rule.weights if isinstance(rule, Rule) else pack.kinds[rule]
    total = {purpose: weight * doubt for purpose, weight in weights.items()}
    added = [evidence.flag[flag] for flag in sorted(flags) if flag in evidence.flag]
    if state:
        added.append(evidence.ci[state])
    if state in ("", "silent") and os in evidence.os:
        added.append(evidence.os[os])
    for more in added:
        for purpose, weight in more.items():
            total[purpose] = total.get(purpose, 0.0) + weight
    capped = {purpose: round(min(max(weight, -MOST), MOST), 2) for purpose, weight in total.items()}
    return tuple((purpose, capped[purpose]) for purpose in PURPOSES if capped.get(purpose))
