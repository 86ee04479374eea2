"""The page at `/`: what this is, where packages come from, and the lines that point each client here.

One file without anything from elsewhere, so that it works on a network that reaches nothing else; its script and
its style are named by hash in the Content-Security-Policy, and nothing else may run.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable, Sequence
from html import escape
from urllib.parse import quote, urlsplit

from subak.adoption.settings import check_url, line_for
from subak.ecosystems.base import Ecosystem
from subak.errors import BadRequest, ConfigError
from subak.sources.discovery import BUILTIN, Found

LINKS = (
    ("/-/health", "health", "is it alive"),
    ("/-/metrics", "metrics", "for Prometheus"),
    ("/-/api/openapi.json", "API", "described as OpenAPI"),
)

MARK = (
    '<svg viewBox="0 0 32 32" xmlns="http://www.w3.org/2000/svg"{more}>'
    '<rect width="32" height="32" rx="8" fill="#2f6b4f"/>'
    '<g fill="none" stroke="#f4f1e6" stroke-width="2.4" stroke-linecap="round">'
    '<path d="M6 11c5-4 8 3 12.5 0S24 9 26 10"/><path d="M6 17c5-4 8 3 12.5 0S24 15 26 16"/>'
    '<path d="M6 23c5-4 8 3 12.5 0S24 21 26 22"/></g></svg>'
)

TERRACES = """<svg class="terraces" viewBox="0 0 1200 150" preserveAspectRatio="none" aria-hidden="true">
<path class="t1" d="M0 62C180 20 330 96 520 60S860 14 1200 54V150H0Z"/>
<path class="t2" d="M0 88C220 50 380 122 600 88S960 44 1200 84V150H0Z"/>
<path class="t3" d="M0 114C240 82 420 142 660 114S1000 78 1200 110V150H0Z"/>
<path class="t4" d="M0 138C260 112 460 158 720 136S1040 110 1200 132V150H0Z"/>
</svg>"""

STYLE = """
:root{color-scheme:light dark;--paper:#faf8f2;--card:#fffefa;--ink:#1f2a24;--soft:#5c6a62;--line:#e3dfd1;
--leaf:#2f6b4f;--code:#f3f0e5;--t1:#e7ece0;--t2:#d6e2d3;--t3:#c2d7c6;--bad:#9a4a2f}
@media (prefers-color-scheme:dark){:root{--paper:#111714;--card:#171e1a;--ink:#e4e9e1;--soft:#9aa89f;--line:#29332d;
--leaf:#86c5a3;--code:#0d1210;--t1:#15201a;--t2:#182a20;--t3:#1c3527;--bad:#e29a7c}}
*{box-sizing:border-box}
html{-webkit-text-size-adjust:100%}
body{margin:0;background:var(--paper);color:var(--ink);
font:16px/1.6 system-ui,-apple-system,"Segoe UI",Roboto,sans-serif}
header{position:relative;overflow:hidden;padding:3.5rem 1.5rem 7.5rem}
.inner{max-width:56rem;margin:0 auto;position:relative;z-index:1}
.name{display:flex;align-items:center;gap:.8rem}
.name svg{width:2.6rem;height:2.6rem;flex:none}
h1{font:600 2.4rem/1.1 ui-serif,Georgia,"Times New Roman",serif;margin:0;letter-spacing:-.01em}
.lead{font-size:1.15rem;max-width:40rem;margin:1.1rem 0 0;color:var(--soft)}
.lead b{color:var(--ink);font-weight:600}
.terraces{position:absolute;left:0;right:0;bottom:-1px;width:100%;height:6.5rem;display:block}
.t1{fill:var(--t1)}.t2{fill:var(--t2)}.t3{fill:var(--t3)}.t4{fill:var(--paper)}
main{padding:1.8rem 1.5rem 2rem}
section{margin:0 0 2.75rem}
h2{font:600 1.35rem/1.3 ui-serif,Georgia,"Times New Roman",serif;margin:0 0 .9rem}
h3{font-size:.78rem;font-weight:600;letter-spacing:.08em;text-transform:uppercase;color:var(--soft);
margin:1.6rem 0 .5rem}
p{margin:0 0 .9rem;max-width:42rem}
.cards{display:grid;grid-template-columns:repeat(auto-fit,minmax(15rem,1fr));gap:.9rem}
.card{background:var(--card);border:1px solid var(--line);border-radius:.75rem;padding:.8rem 1.15rem;color:inherit;
text-decoration:none;display:block}
a.card:hover{border-color:var(--leaf)}
.card strong{display:block}
.card .host{overflow-wrap:anywhere;color:var(--leaf)}
.card .none{color:var(--bad)}
.card small{color:var(--soft);display:block;margin-top:.15rem;overflow-wrap:anywhere}
.others{margin:.9rem 0 0;color:var(--soft);max-width:none}
.lines{background:var(--card);border:1px solid var(--line);border-radius:.75rem;overflow:hidden}
.row{display:grid;grid-template-columns:7rem 1fr auto;gap:.4rem 1rem;align-items:center;
padding:.6rem .7rem .6rem 1.15rem}
.row+.row{border-top:1px solid var(--line)}
.row>span{font-weight:600}
code{font:.88rem/1.5 ui-monospace,SFMono-Regular,Menlo,Consolas,"Liberation Mono",monospace}
.row code{background:var(--code);border-radius:.4rem;padding:.3rem .6rem;overflow-wrap:anywhere;white-space:pre-wrap;
max-height:8.2rem;overflow-y:auto}
button{font:inherit;font-size:.85rem;color:var(--leaf);background:none;border:1px solid var(--line);border-radius:.4rem;
padding:.22rem .7rem;min-width:4.6rem;cursor:pointer;display:none}
.js button{display:inline-block}
button:hover{border-color:var(--leaf)}
button:focus-visible,a:focus-visible{outline:2px solid var(--leaf);outline-offset:2px}
footer{border-top:1px solid var(--line);padding:1.4rem 1.5rem 2.5rem;color:var(--soft);font-size:.92rem}
footer .inner{display:flex;flex-wrap:wrap;gap:.4rem 1.6rem}
footer .version{margin-left:auto}
a{color:var(--leaf);text-underline-offset:.2em}
@media (max-width:40rem){header{padding-top:2.2rem}.row{grid-template-columns:1fr auto;padding:.7rem .9rem}
.row code{grid-column:1/-1;grid-row:2}footer .version{margin-left:0}}
@media print{:root{--paper:#fff;--card:#fff;--ink:#000;--soft:#444;--line:#bbb;--leaf:#000;--code:#fff}
.terraces,.js button{display:none}header{padding:0 0 1.5rem}main,footer{padding-left:0;padding-right:0}
.row,.card{break-inside:avoid}}
"""

SCRIPT = """
document.documentElement.classList.add("js");
document.addEventListener("click", async (event) => {
  const button = event.target.closest("button");
  if (!button) return;
  const code = button.parentElement.querySelector("code");
  let done = false;
  try { await navigator.clipboard.writeText(code.textContent); done = true; } catch (refused) {
    const range = document.createRange();
    range.selectNodeContents(code);
    getSelection().removeAllRanges();
    getSelection().addRange(range);
    done = document.execCommand("copy");
  }
  button.textContent = done ? "Copied" : "Selected";
  setTimeout(() => { button.textContent = "Copy"; }, 1600);
});
"""


def _hash(text: str) -> str:
    return "'sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode() + "'"


CSP = (
    f"default-src 'none'; script-src {_hash(SCRIPT)}; style-src {_hash(STYLE)}; img-src data:; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
"""The Content-Security-Policy that the page must be sent with (CSP level 2, hash sources)."""


def home(base: str, ecosystems: Iterable[Ecosystem], upstreams: Sequence[Found], version: str) -> tuple[bytes, str]:
    """The page as UTF-8 HTML and its Content-Security-Policy. `base` is our URL as this browser sees it.

    Raises BadRequest when `base`, which a Host header may have made, is nothing to be pasted into a shell.
    """
    try:
        base = check_url(base)
    except ConfigError as error:
        raise BadRequest("the Host of this request is not an address that a page could show") from error
    by_name = {found.ecosystem: found for found in upstreams}
    every = [(ecosystem, by_name.get(ecosystem.name, Found(ecosystem.name))) for ecosystem in ecosystems]
    shown = [(ecosystem, found) for ecosystem, found in every if found.url or not (found.unnamed or found.off)]
    served = [(ecosystem, found) for ecosystem, found in every if found.url]
    page = f"""{_head(base)}<body>
{_intro()}<main><div class="inner">
<section>
<h2>Where packages come from</h2>
<div class="cards">
{"".join(_card(*row) for row in shown)}</div>
{_others(every)}</section>
<section>
<h2>Try it for one command</h2>
<div class="lines">
{_row("subak run", f"subak run --url {base} -- COMMAND")}{_row("this shell", f'eval "$(subak env --url {base})"')}</div>
</section>
<section>
<h2>Point a client here for good</h2>
{"".join(_group(ecosystem, base, found) for ecosystem, found in served)}</section>
</div></main>
<footer><div class="inner">
{"".join(f'<span><a href="{escape(base + path)}">{name}</a> {about}</span>{chr(10)}' for path, name, about in LINKS)}\
<span class="version">Subak {escape(version)}</span>
</div></footer>
<script>{SCRIPT}</script>
</body>
</html>
"""
    return page.encode(), CSP


def _head(base: str) -> str:
    return f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<title>Subak at {escape(urlsplit(base).netloc)}</title>
<link rel="icon" href="data:image/svg+xml,{quote(MARK.format(more=""))}">
<style>{STYLE}</style>
</head>
"""


def _intro() -> str:
    return f"""<header>
<div class="inner">
<div class="name">{MARK.format(more=' aria-hidden="true"')}<h1>Subak</h1></div>
<p class="lead">A shared cache for packages. What one of us installs is <b>fetched once</b>, <b>checked against its
digest</b> and <b>kept</b>, so that the next install is quick and works even when the registry does not answer.</p>
</div>
{TERRACES}
</header>
"""


def _card(ecosystem: Ecosystem, found: Found) -> str:
    """One registry with its upstream's host; a URL may hold more than everybody should see."""
    title = f"<strong>{escape(ecosystem.title)}</strong>"
    if not found.url:
        problem = f'<span class="none">no upstream</span><small>{escape(found.problem)}</small>'
        return f'<div class="card">{title}{problem}</div>\n'
    host = urlsplit(found.url).netloc.rpartition("@")[2]
    about = f'{title}<span class="host">{escape(host)}</span><small>{escape(ecosystem.mount)}/</small>'
    if not ecosystem.clients:
        return f'<div class="card">{about}</div>\n'
    return f'<a class="card" href="#{escape(ecosystem.name)}">{about}</a>\n'


def _others(every: Sequence[tuple[Ecosystem, Found]]) -> str:
    """What is not served, in a sentence each."""
    unnamed = ", ".join(ecosystem.title for ecosystem, found in every if found.unnamed)
    off = ", ".join(ecosystem.title for ecosystem, found in every if found.off)
    how = "<code>subak doctor</code> says how to set one"
    rows = [f"Served once an upstream is set: {escape(unnamed)}; {how}."] if unnamed else []
    rows += [f"Switched off: {escape(off)}."] if off else []
    return "".join(f'<p class="others">{row}</p>\n' for row in rows)


def _group(ecosystem: Ecosystem, base: str, found: Found) -> str:
    # The whole of a URL only where everybody knows it: its path may hold what not everybody should see.
    known = found.url if found.by == BUILTIN or urlsplit(found.url).path == "/" else ""
    lines = ((client.name, line_for(client, base, known)) for client in ecosystem.clients)
    rows = "".join(_row(name, line) for name, line in lines if line)
    if not rows:
        return ""
    return f'<h3 id="{escape(ecosystem.name)}">{escape(ecosystem.title)}</h3>\n<div class="lines">\n{rows}</div>\n'


def _row(name: str, line: str) -> str:
    return (
        f'<div class="row"><span>{escape(name)}</span><code>{escape(line)}</code>'
        f'<button type="button" title="Copy the line for {escape(name)}">Copy</button></div>\n'
    )
