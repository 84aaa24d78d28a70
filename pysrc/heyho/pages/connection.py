"""Testing a connection: what to ask a server, and what its answers mean for the person. Pure."""

from heyho import texts

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Protocol

    class Web(Protocol):
        async def get(self, url: str, token: str) -> "tuple[int, Any]": ...
        async def knock(self, url: str) -> bool: ...
        def is_online(self) -> bool: ...


API_PATH = "/api/v1"
NO_ANSWER, TOO_LATE, ELSEWHERE = 0, -1, -2
# A server may say anything: what is no number to reckon with, or no name to be read.
MOST = 10**12
LONGEST_NAME = 80


class Verdict:
    """What came out.

    Attributes:
        tone: "calm", "trouble" where something is left to do, "fault" where it cannot work.
        lines: sentences, the plain verdict first.
    """

    def __init__(self, tone: str, *lines: str) -> None:
        self.tone = tone
        self.lines = [line for line in lines if line]


async def examine(base: str, token: str, web: "Web") -> Verdict:
    """Ask the server at an API's base, as `heyho.settings` writes it, what and whose it is."""
    host = _host(base)
    status, answer = await web.get(f"{base}/config", "")
    if _is_heyho(status, answer):
        version = await _version(base, web)
        known = texts.text("options_verdict_heyho", host, version) if version else ""
        known = known or texts.text("options_verdict_some_heyho", host)
        return await _sign_in(base, token, web, known, _limits(answer))
    verdict = _final(status, host)
    if verdict is None and await _is_original(base, web):
        known = texts.text("options_verdict_original", host)
        return await _sign_in(base, token, web, known, "")
    if verdict is None and status != NO_ANSWER:
        verdict = Verdict("fault", texts.text("options_verdict_stranger", host, status))
    return verdict or await _unreachable(base, host, web)


def _final(status: int, host: str) -> "Verdict | None":
    """What an answer says that is not that of any Heyho; None where it leaves that open."""
    if status == 429:
        return Verdict("trouble", texts.text("options_verdict_busy", host))
    if status >= 500:
        return Verdict("fault", texts.text("options_verdict_broken", host, status))
    if status == ELSEWHERE:
        return Verdict("fault", texts.text("options_verdict_elsewhere", host))
    if status == TOO_LATE:
        return Verdict("fault", texts.text("options_verdict_late", host))
    return None


async def _sign_in(base: str, token: str, web: "Web", known: str, limits: str) -> Verdict:
    if not token:
        return Verdict("trouble", known, texts.text("options_verdict_no_token"), limits)
    status, me = await web.get(f"{base}/auth/me", token)
    if status in (401, 403):
        return Verdict("fault", known, texts.text("options_verdict_wrong_token"))
    if status == 429:
        return Verdict("trouble", known, texts.text("options_verdict_busy", _host(base)))
    if status != 200:
        return Verdict("trouble", known, texts.text("options_verdict_no_word", max(status, 0)))
    name = _name(me)
    signed_in = texts.text("options_verdict_signed_in", name) if name else ""
    signed_in = signed_in or texts.text("options_verdict_valid")
    status, summary = await web.get(f"{base}/data/summary", token)
    said = summary if status == 200 and isinstance(summary, dict) else {}
    kept = said.get("visits")
    stored = (
        texts.plural("options_verdict_kept", kept)
        if isinstance(kept, int) and _is_count(kept)
        else ""
    )
    return Verdict("calm", known, signed_in, stored, limits)


async def _unreachable(base: str, host: str, web: "Web") -> Verdict:
    """Nothing that a page may read has come back: why that may be."""
    scheme, _, rest = base.partition("://")
    origin = f"{scheme}://{rest.split('/')[0]}/"
    if await web.knock(origin):
        return Verdict("fault", texts.text("options_verdict_silent", host))
    other = "http" if scheme == "https" else "https"
    if await web.knock(f"{other}://{rest.split('/')[0]}/"):
        return Verdict("fault", texts.text(f"options_verdict_speaks_{other}", host))
    if not web.is_online() and not _is_here(host):
        return Verdict("fault", texts.text("options_verdict_offline"))
    if scheme == "https":
        return Verdict("fault", texts.text("options_verdict_no_tls", host, origin))
    return Verdict("fault", texts.text("options_verdict_nobody", host))


async def _is_original(base: str, web: "Web") -> bool:
    """Whether it is a server of the original HeyHo: it has no /config, and its own words."""
    status, answer = await web.get(f"{base}/auth/me", "")
    said = answer if isinstance(answer, dict) else {}
    return status == 401 and said.get("success") is False and isinstance(said.get("message"), str)


async def _version(base: str, web: "Web") -> str:
    if not base.endswith(API_PATH):
        return ""
    status, answer = await web.get(f"{base[: -len(API_PATH)]}/health", "")
    version = answer.get("version") if status == 200 and isinstance(answer, dict) else ""
    return version[:40] if isinstance(version, str) else ""


def _is_heyho(status: int, answer: "Any") -> bool:
    return status == 200 and isinstance(answer, dict) and _is_count(answer.get("maxRecords"))


def _limits(config: "Any") -> str:
    """The limits in words."""
    size = config.get("maxBodyBytes")
    megabytes = max(1, size // 1_000_000) if _is_count(size) else 10
    said = texts.plural("options_verdict_limits", config["maxRecords"], texts.number(megabytes))
    rates = config.get("rateLimits")
    pairs = [_rate(rate) for rate in rates] if isinstance(rates, list) else []
    pairs = [pair for pair in pairs if pair is not None]
    if not pairs:
        return said
    quota, window = min(pairs, key=lambda pair: pair[0] / pair[1])
    requests = texts.plural("words_count_request", quota)
    return f"{said} {texts.plural('options_verdict_rate', window, requests)}"


def _rate(rate: "Any") -> "Any":
    """A rate as how many requests within how many seconds; None where it is none."""
    quota = rate.get("quota") if isinstance(rate, dict) else None
    window = rate.get("windowSeconds") if isinstance(rate, dict) else None
    return (quota, window) if _is_count(quota) and _is_count(window) and quota and window else None


def _name(me: "Any") -> str:
    """What the server calls the person; empty where it says nothing, as of its first user."""
    user = me.get("user") if isinstance(me, dict) else None
    if not isinstance(user, dict):
        return ""
    parts = [user.get("firstName"), user.get("lastName")]
    name = " ".join(part.strip() for part in parts if isinstance(part, str) and part.strip())
    email = user.get("email")
    email = email if isinstance(email, str) else ""
    name, email = name[:LONGEST_NAME], email[:LONGEST_NAME]
    return f"{name} ({email})" if name and email else name or email


def _host(base: str) -> str:
    return base.partition("://")[2].split("/")[0]


def _is_here(host: str) -> bool:
    name = host if host.startswith("[") else host.partition(":")[0]
    return name == "localhost" or name.startswith("127.") or host.startswith("[::1]")


def _is_count(value: "Any") -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < MOST
