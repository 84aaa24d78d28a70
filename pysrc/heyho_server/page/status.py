"""What a signed-in person sees: how much is kept, which devices there are, how syncs went."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from markupsafe import Markup

from heyho_server.page.chart import Day, bars
from heyho_server.page.layout import joined, page, section
from heyho_server.page.words import ago, counted, day_of, duration
from heyho_server.page.zones import ZONES
from heyho_server.storage.devices import PAGE, SESSION, Device

_KINDS = {SESSION: "signed in with a password", PAGE: "signed in on this page"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Sync:
    """One sync request; `reasons` are of the records it refused: which, and why."""

    at: int
    device: str
    visits: int
    deleted: int
    rejected: int
    reasons: Sequence[tuple[str, str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """Visits of one domain."""

    domain: str
    visits: int
    active_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """Everything on the page.

    Attributes:
        person: how whoever looks is called; `session` is the id of the page's session.
        days: the last ones, in order; `sites` are of the same time.
        zone: where these days begin and end.
        code: a pairing code that was just made.
    """

    person: str
    session: int
    visits: int
    first_visit_at: int | None
    days: Sequence[Day]
    zone: str
    sites: Sequence[Site]
    devices: Sequence[Device]
    syncs: Sequence[Sync]
    now_ms: int
    code: str | None = None


def status_page(status: Status) -> str:
    """The page, as HTML."""
    aside = Markup(
        '<form class="person" method="post" action="/sign-out"><span>{}</span>'
        "<button>Sign out</button></form>"
    ).format(status.person)
    parts = [_figures(status), _history(status), _devices(status), _syncs(status)]
    return page("Heyho", joined(parts), aside)


def _figures(status: Status) -> Markup:
    recent = sum(day.visits for day in status.days)
    active = duration(sum(day.active_ms for day in status.days))
    since = (
        f"since {day_of(status.first_visit_at)}" if status.first_visit_at else "nothing came yet"
    )
    last = max((sync.at for sync in status.syncs), default=None)
    figures = [
        (f"{status.visits:,}", "visits kept", since),
        (f"{recent:,}", f"in the last {counted(len(status.days), 'day')}", f"{active} active"),
        (ago(last, status.now_ms), "last sync", status.syncs[0].device if status.syncs else ""),
    ]
    cells = joined(
        [
            Markup("<div><dd>{}</dd><dt>{}</dt><dd class=quiet>{}</dd></div>").format(*figure)
            for figure in figures
        ]
    )
    return Markup('<dl class="figures card">{}</dl>').format(cells)


def _history(status: Status) -> Markup:
    first, last = status.days[0].day, status.days[-1].day
    sites = joined(
        [
            Markup("<li><span>{}</span><span class=quiet>{}</span></li>").format(
                site.domain, f"{counted(site.visits, 'visit')}, {duration(site.active_ms)}"
            )
            for site in status.sites
        ]
    )
    listed = Markup('<h3>Most visited</h3><ol class="sites">{}</ol>').format(sites)
    content = Markup(
        '{chart}<p class="axis quiet"><span>{first}</span><span>{last}</span></p>{zone}{sites}'
    ).format(
        chart=bars(status.days),
        first=f"{first.day} {first:%B}",
        last=f"{last.day} {last:%B}",
        zone=_zone(status.zone),
        sites=listed if status.sites else "",
    )
    return section("Visits by day", content)


def _zone(chosen: str) -> Markup:
    options = Markup("").join(
        Markup("<option{}>{}</option>").format(Markup(" selected") if name == chosen else "", name)
        for name in ZONES
    )
    return Markup(
        '<form class="zone" action="/"><label>Days in <select name="zone">{}</select></label>'
        "<button>Show</button></form>"
    ).format(options)


def _devices(status: Status) -> Markup:
    rows = joined([_device(device, status) for device in status.devices])
    if status.code:
        pairing = Markup(
            '<p class="code" role="status"><strong>{}</strong><span class="quiet">Type this code '
            "into the options of the Heyho extension within 10 minutes. It works once.</span></p>"
        ).format(status.code)
    else:
        pairing = Markup(
            '<form method="post" action="/pair"><button class="main">Pair a device</button></form>'
        )
    return section("Devices", Markup('<ul class="rows">{}</ul>{}').format(rows, pairing))


def _device(device: Device, status: Status) -> Markup:
    kind = _KINDS.get(device.kind, "paired")
    last = device.created_at if device.kind == PAGE else device.last_seen_at
    seen = kind if device.id == status.session else f"{kind}, last seen {ago(last, status.now_ms)}"
    if device.id == status.session:
        end = Markup('<span class="badge">this one</span>')
    else:
        end = Markup(
            '<form method="post" action="/devices/{}/revoke">'
            '<button aria-label="Revoke {}">Revoke</button></form>'
        ).format(device.id, device.name)
    return Markup('<li><div><strong>{}</strong><span class="quiet">{}</span></div>{}</li>').format(
        device.name, seen, end
    )


def _syncs(status: Status) -> Markup:
    if not status.syncs:
        text = "Nothing was synced yet. Pair a device, and press “Sync now” in the extension."
        return section("Last syncs", Markup("<p>{}</p>").format(text))
    rows = joined([_sync(sync, status.now_ms) for sync in status.syncs])
    return section("Last syncs", Markup('<ul class="rows">{}</ul>').format(rows))


def _sync(sync: Sync, now_ms: int) -> Markup:
    told = [counted(sync.visits, "visit")]
    if sync.deleted:
        told.append(f"{sync.deleted:,} deleted before")
    refused: Markup | str = ""
    if sync.rejected:
        told.append(f"{sync.rejected:,} refused")
        reasons = joined(
            [
                Markup("<li><code>{}</code> {}</li>").format(record, reason)
                for record, reason in sync.reasons
            ]
        )
        refused = Markup("<details><summary>Why some were refused</summary><ul>{}</ul></details>")
        refused = refused.format(reasons)
    when = datetime.fromtimestamp(sync.at / 1000, UTC).isoformat(timespec="seconds")
    return Markup(
        '<li><div><strong>{}</strong><span class="quiet">{}</span>{}</div>'
        '<time class="quiet" datetime="{}">{}</time></li>'
    ).format(", ".join(told), sync.device, refused, when, ago(sync.at, now_ms))
