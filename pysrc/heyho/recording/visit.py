"""The open visit: a page that a tab shows now, and that becomes a visit once it is left."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING
from uuid import UUID

from heyho.model import Visit
from heyho.recording import fields
from heyho.recording.attention import Attention
from heyho.recording.page import clean_title, recordable_url
from heyho.wire import domain_of, visit_to_record

if TYPE_CHECKING:
    from heyho.exclusions import Exclusions
    from heyho.ports import Record


def visit_id(client_id: str, key: int, index: int, started_at: int) -> str:
    """The id of the visit that the event of this key opened as its `index`-th."""
    return minted_id(f"{client_id}\n{key}\n{index}", started_at)


def minted_id(name: str, started_at: int) -> str:
    """The id of the visit that is named so.

    A UUID of version 7 (RFC 9562) whose random bits are a hash of what names the visit: events
    folded once more give the same ids, and a visit stored twice is one visit.
    """
    digest = hashlib.sha256(name.encode("utf-8", "replace")).digest()
    noise = int.from_bytes(digest[:10], "big")
    value = started_at << 80 | 0x7 << 76 | (noise >> 62 & 0xFFF) << 64
    return str(UUID(int=value | 0b10 << 62 | noise & (1 << 62) - 1))


@dataclass(slots=True, kw_only=True)
class OpenVisit:
    """A visit that has not ended.

    Its id stays as it was minted when a corrected clock moves its start.

    Attributes:
        pictured_at: when a picture showed the page, None once the browser has told of it by itself.
    """

    id: str
    url: str
    title: str
    started_at: int
    window_id: int | None
    transition: str | None
    source_id: str | None
    attention: Attention
    pictured_at: int | None = None

    def end(self, at: int, *, tab_id: int, client_id: str) -> Record:
        """The record of the visit, ended at `at`."""
        active_ms, idle_periods = self.attention.end(self.started_at, at)
        return visit_to_record(
            Visit(
                id=self.id,
                url=self.url,
                title=self.title,
                domain=domain_of(self.url),
                started_at=self.started_at,
                ended_at=at,
                active_duration_ms=active_ms,
                idle_periods=idle_periods,
                tab_id=tab_id,
                window_id=self.window_id,
                transition=self.transition,
                source_page_visit_id=self.source_id,
                anonymous_client_id=client_id,
            )
        )

    def move(self, by_ms: int) -> None:
        """Set all times back by `by_ms`; what would lie before 1970 is cut off."""
        self.started_at = max(self.started_at - by_ms, 0)
        self.pictured_at = None
        self.attention.move(by_ms)

    def to_record(self) -> Record:
        """The JSON form."""
        return {
            "id": self.id,
            "url": self.url,
            "title": self.title,
            "startedAt": self.started_at,
            "windowId": self.window_id,
            "transition": self.transition,
            "sourceId": self.source_id,
            "attention": self.attention.to_record(),
            "picturedAt": self.pictured_at,
        }

    @classmethod
    def from_record(
        cls, record: object, *, last_at: int | None, exclusions: Exclusions
    ) -> OpenVisit | None:
        """Read the JSON form; None where it is no visit, or one of a page excluded by now."""
        if not isinstance(record, dict) or last_at is None:
            return None
        own_id = fields.identifier(record.get("id"))
        url = recordable_url(record.get("url"), exclusions)
        started_at = fields.time(record.get("startedAt"))
        if own_id is None or url is None or started_at is None or started_at > last_at:
            return None
        return cls(
            id=own_id,
            url=url,
            title=clean_title(record.get("title"), None),
            started_at=started_at,
            window_id=fields.integer(record.get("windowId")),
            transition=fields.word(record.get("transition")),
            source_id=fields.identifier(record.get("sourceId")),
            attention=Attention.from_record(
                record.get("attention"), started_at=started_at, last_at=last_at
            ),
            pictured_at=fields.time(record.get("picturedAt")),
        )
