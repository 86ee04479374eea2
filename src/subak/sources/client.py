"""The registries as we reach them: one streaming HTTP client with guards, time-outs and manners."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Collection, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from urllib.parse import SplitResult, urljoin, urlsplit
from urllib.request import getproxies, proxy_bypass

import aiohttp
from aiohttp.resolver import ThreadedResolver
from yarl import URL

from subak.config import UpstreamConfig, upstream_variable
from subak.errors import Loop, NoUpstream, UpstreamDown, UpstreamLied
from subak.ports import Fetch, Response
from subak.sources.addresses import GuardedResolver, is_private, literal
from subak.sources.bodies import PIECE, gunzip, nothing, plain
from subak.sources.health import Health
from subak.sources.tokens import LARGEST, Challenge, Tokens, read_challenge

REDIRECTS = 5


@dataclass(frozen=True, slots=True)
class Registry:
    """One ecosystem's upstream."""

    url: str
    """Index base, ends in '/', without credentials."""
    authorization: str = field(default="", repr=False)
    """Authorization value for exactly this origin."""
    problem: str = ""
    """Why there is none, when `url` is ''."""
    further: Mapping[str, str] = field(default_factory=dict)
    """See ports.Upstream."""


class Registries:
    """Implements ports.Upstream with aiohttp. Make it inside a running event loop; `close()` it."""

    def __init__(
        self,
        registries: Mapping[str, Registry],
        settings: UpstreamConfig,
        *,
        agent: str,
        instance: str,
        monotonic: Callable[[], float],
        tokens: Collection[str] = (),
    ) -> None:
        """`tokens` names the ecosystems whose upstream may send us to its token service."""
        self._registries = dict(registries)
        self._settings = settings
        self._monotonic = monotonic
        self._with_tokens = frozenset(tokens)
        self._tokens = Tokens(monotonic)
        self.health = Health(settings.cool_down)
        self._named: dict[str, set[tuple[str, int]]] = {n: {_place(r.url)} for n, r in registries.items() if r.url}
        self._base_hosts = {name: urlsplit(r.url).hostname or "" for name, r in registries.items() if r.url}
        self._private: dict[str, bool] = {}
        self._allowed: Collection[str] = frozenset(h.lower() for h in settings.allow_hosts)
        self._proxies = {scheme: url if "://" in url else f"http://{url}" for scheme, url in getproxies().items()}
        self._may_be_private: set[str] = set(self._base_hosts.values()) | set(self._allowed)
        self._proxy_hosts = {urlsplit(url).hostname or "" for url in self._proxies.values()}
        connector = aiohttp.TCPConnector(
            limit=0,
            limit_per_host=settings.connections,
            resolver=GuardedResolver(
                ThreadedResolver(),
                lambda host: host.lower() in self._may_be_private or host.lower() in self._proxy_hosts,
            ),
            ttl_dns_cache=60,
            keepalive_timeout=30,
        )
        self._session = aiohttp.ClientSession(
            connector=connector,
            auto_decompress=False,
            cookie_jar=aiohttp.DummyCookieJar(),
            headers={"User-Agent": agent, "Via": f"1.1 {instance}"},
            read_bufsize=PIECE,
            max_line_size=16384,
            max_field_size=16384,
            # Not trust_env: besides proxies it would read ~/.netrc and send its default entry to every host.
            trust_env=False,
        )

    async def close(self) -> None:
        """Drop all connections."""
        await self._session.close()

    def base(self, ecosystem: str) -> str:
        """See ports.Upstream."""
        registry = self._registries.get(ecosystem)
        if registry is None or not registry.url:
            problem = registry.problem if registry else ""
            raise NoUpstream(
                f"no upstream is set for {ecosystem}" + (f": {problem}" if problem else ""),
                fix=f"Set {upstream_variable(ecosystem)}=URL or [upstream.registries] {ecosystem} in subak.toml.",
            )
        return registry.url

    def further(self, ecosystem: str) -> Mapping[str, str]:
        """See ports.Upstream."""
        registry = self._registries.get(ecosystem)
        return registry.further if registry else {}

    def cooling(self, ecosystem: str) -> bool:
        """Whether this ecosystem's upstream is being left alone after failures."""
        registry = self._registries.get(ecosystem)
        return bool(registry and self.health.wait(_origin(registry.url), self._monotonic()))

    @asynccontextmanager
    async def fetch(self, ask: Fetch) -> AsyncIterator[Response]:
        """See ports.Upstream."""
        url, origin = ask.url, _origin(ask.url)
        self._must_be_well(origin)
        within = ask.first_byte_within or float(self._settings.first_byte_timeout)
        await self._guard(ask.ecosystem, url)
        for _ in range(REDIRECTS + 1):
            answer = await self._admitted(ask, url, within)
            try:
                if answer.status not in (301, 302, 303, 307, 308):
                    self._judge(answer, origin)
                    yield self._response(answer, url, ask)
                    return
                url = self._follow(ask.ecosystem, url, answer.headers.get("Location", ""), roams=ask.roams)
            finally:
                _give_back(answer)
            await self._guard(ask.ecosystem, url, learn=not ask.roams)
        raise UpstreamLied(f"{ask.url} redirects more than {REDIRECTS} times")

    def _must_be_well(self, origin: str) -> None:
        wait = self.health.wait(origin, self._monotonic())
        if wait:
            raise UpstreamDown(
                f"{origin} failed repeatedly and is left alone for {wait:.0f} s", retry_after=int(wait) + 1
            )

    # ---------------------------------------------------------------- one request

    async def _admitted(self, ask: Fetch, url: str, within: float) -> aiohttp.ClientResponse:
        """The answer to one request; one that wants a token is repeated once with it. Raises as `fetch` does."""
        registry = self._registries.get(ask.ecosystem)
        ours = bool(registry and registry.url and _origin(registry.url) == _origin(url))
        own = registry.authorization if registry and ours else ""
        if not ours or ask.ecosystem not in self._with_tokens:
            return await self._ask(url, within, _headers(ask, own), ask.method, ask.body)
        known = self._tokens.known(ask.ecosystem, url)
        answer = await self._ask(url, within, _headers(ask, f"Bearer {known}" if known else own), ask.method, ask.body)
        challenge = read_challenge(answer.headers.getall("WWW-Authenticate", ())) if answer.status == 401 else None
        if challenge is None:
            return answer
        try:
            question = partial(self._ask_realm, ask.ecosystem, challenge, own, within)
            token = await self._tokens.obtain(ask.ecosystem, url, challenge, known, question)
        except BaseException:
            _give_back(answer)
            raise
        if not token:
            return answer  # the service gives none: what the registry said stands
        _give_back(answer)
        return await self._ask(url, within, _headers(ask, f"Bearer {token}"), ask.method, ask.body)

    async def _ask_realm(self, ecosystem: str, challenge: Challenge, own: str, within: float) -> bytes:
        """What the token service answers, b'' when it refuses. Raises UpstreamDown, UpstreamLied."""
        realm, base = challenge.realm, self._registries[ecosystem].url
        await self._guard(ecosystem, realm, learn=False)
        plain_text = _split(realm).scheme == "http" and _split(base).scheme == "https"
        if plain_text and not await self._upstream_is_private(ecosystem):
            raise UpstreamLied(f"{_origin(base)} names a token service without encryption: {_shown(realm)}")
        self._must_be_well(_origin(realm))
        headers = {"Accept": "application/json", "Accept-Encoding": "identity"}
        if own.startswith("Basic "):  # the registry's credentials are meant for its token service
            headers["Authorization"] = own
        answer = await self._ask(challenge.question, within, headers)
        try:
            self._judge(answer, _origin(realm))
            if 300 <= answer.status < 400:
                raise UpstreamLied(f"the token service {_origin(realm)} redirects, which is not followed")
            body = b""
            async for chunk in plain(answer, _origin(realm), [0]):
                body += chunk
                if len(body) > LARGEST:
                    raise UpstreamLied(f"the token service {_origin(realm)} sent something that is not a token")
            return (body or b"{}") if answer.status == 200 else b""
        finally:
            _give_back(answer)

    async def _ask(
        self, url: str, within: float, headers: Mapping[str, str], method: str = "GET", body: bytes = b""
    ) -> aiohttp.ClientResponse:
        """Send one request and wait for its head. Raises UpstreamDown, UpstreamLied."""
        origin = _origin(url)
        timeout = aiohttp.ClientTimeout(
            total=None, sock_connect=self._settings.connect_timeout, sock_read=self._settings.idle_timeout
        )
        try:
            # encoded=True: the path must reach upstream exactly as announced ('%2B' is not '+').
            request = self._session.request(
                method,
                URL(url, encoded=True),
                headers=headers,
                data=body or None,
                allow_redirects=False,
                timeout=timeout,
                proxy=self._proxy(url),
            )
            return await asyncio.wait_for(request, within)
        except UpstreamLied:
            raise
        except TimeoutError as error:
            self.health.failed(origin, self._monotonic())
            raise UpstreamDown(f"{origin} did not answer within {within:g} s", retry_after=10) from error
        except (aiohttp.InvalidURL, ValueError) as error:
            raise UpstreamLied(f"not a URL that can be fetched: {_shown(url)}") from error
        except (aiohttp.ClientResponseError, aiohttp.http_exceptions.HttpProcessingError) as error:
            self.health.failed(origin, self._monotonic())
            raise UpstreamLied(f"{origin} sent an answer that is not HTTP: {error}") from error
        except (aiohttp.ClientError, OSError) as error:
            if isinstance(error.__cause__, UpstreamLied):
                raise error.__cause__ from None
            self.health.failed(origin, self._monotonic())
            raise UpstreamDown(f"{origin} cannot be reached: {error}", retry_after=10) from error

    def _proxy(self, url: str) -> str | None:
        """The proxy that this machine's environment names for a URL (http_proxy, https_proxy, no_proxy)."""
        proxy = self._proxies.get(urlsplit(url).scheme, "")
        return proxy if proxy.startswith(("http://", "https://")) and not proxy_bypass(_split(url).netloc) else None

    def _judge(self, answer: aiohttp.ClientResponse, origin: str) -> None:
        """Raises Loop, or UpstreamDown for 429 and 5xx; an answer of any other kind is a sign of life."""
        if answer.status == 508:
            raise Loop("the upstream answers that it leads back to itself")
        if answer.status != 429 and answer.status < 500:
            self.health.succeeded(origin)
            return
        pause = _seconds(answer.headers.get("Retry-After", ""))
        self.health.failed(origin, self._monotonic(), pause if answer.status in (429, 503) else 0.0)
        raise UpstreamDown(f"{origin} answered {answer.status}", retry_after=int(pause) or 10)

    def _follow(self, ecosystem: str, url: str, location: str, *, roams: bool = False) -> str:
        """The redirect's target. Raises UpstreamLied when we must not go there."""
        try:
            target = urljoin(url, location) if location else ""
        except ValueError as error:
            raise UpstreamLied(f"{_origin(url)} redirects to what is not a URL") from error
        old, new = _split(url), _split(target)
        if new.scheme not in ("http", "https") or (old.scheme == "https" and new.scheme == "http"):
            raise UpstreamLied(f"{_origin(url)} redirects to {_shown(target)}, which is not a safe address")
        host, place = new.hostname or "", _place(target)
        known = self._named.get(ecosystem, set())
        same_host = host in {h for h, _ in known} and place[1] in (80, 443)
        if not roams and place not in known and not same_host and host not in self._allowed:
            named = new.netloc.rpartition("@")[2]
            raise UpstreamLied(
                f"{_origin(url)} redirects to {named}, which no document of this upstream names",
                fix=f"If that is right, add {host!r} to upstream.allow_hosts.",
            )
        return target

    def _must_be_public(self, host: str) -> None:
        address = literal(host)
        # A proxy may lie inside, and is resolved so; that must not open its host to what upstreams name.
        inside = (address and is_private(address)) or host in self._proxy_hosts
        if inside and host not in self._may_be_private:
            raise UpstreamLied(f"{host} is a private address, which the configured upstream is not")

    async def _guard(self, ecosystem: str, url: str, *, learn: bool = True) -> None:
        """Learn the host and refuse private addresses unless the operator's own upstream lies at one."""
        parts = _split(url)
        host = parts.hostname or ""
        # A host that is not ASCII may become an address only later: '１２７.1' is 127.0.0.1 to some.
        if parts.scheme not in ("http", "https") or not host or not host.isascii():
            raise UpstreamLied(f"not an http(s) URL: {_shown(url)}")
        if host not in self._may_be_private and await self._upstream_is_private(ecosystem):
            self._may_be_private.add(host)
        if learn:
            self._named.setdefault(ecosystem, set()).add(_place(url))
        self._must_be_public(host)

    async def _upstream_is_private(self, ecosystem: str) -> bool:
        """Whether the operator's own upstream lies at a private address (asked once)."""
        host = self._base_hosts.get(ecosystem, "")
        if host not in self._private:
            address = literal(host)
            if address:
                self._private[host] = is_private(address)
            else:
                try:
                    loop = asyncio.get_running_loop()
                    found = await loop.getaddrinfo(host, None)
                    self._private[host] = all(is_private(str(f[4][0])) for f in found)
                except OSError:
                    return False  # not resolvable now: decide when it is
        return self._private[host]

    def _response(self, answer: aiohttp.ClientResponse, url: str, ask: Fetch) -> Response:
        headers = {name.lower(): value for name, value in answer.headers.items()}
        encoding = headers.get("content-encoding", "").lower()
        length = answer.content_length if answer.content_length is not None else -1
        counted, origin = [0], _origin(ask.url)
        if ask.method == "HEAD":
            chunks = nothing()
        elif encoding in ("gzip", "x-gzip"):
            chunks = gunzip(plain(answer, origin, counted), origin)
        elif encoding in ("", "identity"):
            chunks = plain(answer, origin, counted)
        else:
            raise UpstreamLied(f"{_origin(url)} sent the content encoding {encoding!r}, which was not asked for")
        if encoding not in ("", "identity"):
            length = -1  # what is declared is the length of the packed body
        return Response(answer.status, headers, url, chunks, length, lambda: counted[0])


def _headers(ask: Fetch, authorization: str) -> dict[str, str]:
    """What goes out with a question."""
    identity = ask.identity or bool(ask.start)  # a range counts the bytes as they are
    headers = {"Accept": ask.accept, "Accept-Encoding": "identity" if identity else "gzip", **ask.headers}
    if ask.etag and (ask.grown or not ask.start):
        headers["If-None-Match"] = ask.etag
    if ask.last_modified and not ask.start:
        headers["If-Modified-Since"] = ask.last_modified
    if ask.start:
        headers["Range"] = f"bytes={ask.start}-"
        if ask.etag and not ask.grown and not ask.etag.startswith("W/"):
            headers["If-Range"] = ask.etag
    if authorization:
        headers["Authorization"] = authorization
    return headers


def _give_back(answer: aiohttp.ClientResponse) -> None:
    """A body that was not read to its end must not go back to the pool."""
    if answer.content.at_eof():
        answer.release()
    else:
        answer.close()


def _split(url: str) -> SplitResult:
    """The parts of a URL, its port known to be a number. Raises UpstreamLied."""
    try:
        parts = urlsplit(url)
        _ = parts.port  # raises ValueError unless it is one
    except ValueError as error:
        raise UpstreamLied(f"not a URL: {_shown(url)}") from error
    return parts


def _shown(url: str) -> str:
    """A URL for people: bounded, quoted, without credentials."""
    scheme, slashes, rest = url[:2000].partition("//")
    authority, slash, path = rest.partition("/")
    return repr((scheme + slashes + authority.rpartition("@")[2] + slash + path)[:200])


def _origin(url: str) -> str:
    """scheme://host[:port], without credentials: safe to show. Raises UpstreamLied."""
    parts = _split(url)
    port = f":{parts.port}" if parts.port else ""
    return f"{parts.scheme}://{parts.hostname}{port}"


def _place(url: str) -> tuple[str, int]:
    """Host and port of a URL, the scheme's port when none is written. Raises UpstreamLied."""
    parts = _split(url)
    return parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80)


def _seconds(retry_after: str) -> float:
    """Retry-After in seconds; an HTTP-date counts as a minute, nonsense as 0."""
    if retry_after.isascii() and retry_after.isdigit():
        return float(min(int(retry_after[:9]), 86400))
    return 60.0 if retry_after else 0.0
