"""Tabs and windows, as far as the fold must know them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from heyho.recording import fields
from heyho.recording.visit import OpenVisit

if TYPE_CHECKING:
    from collections.abc import Mapping

    from heyho.exclusions import Exclusions
    from heyho.ports import Record


@dataclass(slots=True)
class Tab:
    """An open tab.

    Attributes:
        window_id: None while nothing has told it.
        pages: how many pages it has shown: none, the first, or more than one (2).
        opener_id: the visit that opened the tab, kept for the tab's first page.
        opener_is_page: whether a page opened it for certain; see `Targeted` and `Created`.
        visit: None while it shows a page that is not recorded.
    """

    tab_id: int
    window_id: int | None = None
    audible: bool = False
    pages: int = 0
    opener_id: str | None = None
    opener_is_page: bool = False
    visit: OpenVisit | None = None

    def to_record(self) -> Record:
        """The JSON form."""
        return {
            "tabId": self.tab_id,
            "windowId": self.window_id,
            "audible": self.audible,
            "pages": self.pages,
            "openerId": self.opener_id,
            "openerIsPage": self.opener_is_page,
            "visit": self.visit.to_record() if self.visit is not None else None,
        }

    @classmethod
    def from_record(
        cls, record: Mapping[str, Any], *, last_at: int | None, exclusions: Exclusions
    ) -> Tab | None:
        """Read the JSON form; None where it names no tab."""
        tab_id = fields.integer(record.get("tabId"))
        if tab_id is None:
            return None
        return cls(
            tab_id,
            fields.integer(record.get("windowId")),
            record.get("audible") is True,
            min(max(fields.integer(record.get("pages")) or 0, 0), 2),
            fields.identifier(record.get("openerId")),
            record.get("openerIsPage") is True,
            OpenVisit.from_record(record.get("visit"), last_at=last_at, exclusions=exclusions),
        )


@dataclass(slots=True)
class Window:
    """A window with at least one tab. The window None holds the tabs whose window is unknown.

    Attributes:
        shown: the tab in front, None while it is unknown.
        is_told: whether the browser named that tab. Otherwise it is presumed to be the one that
            went to a page last, the likeliest to have a person in front of it.
        tabs: how many tabs it has.
    """

    shown: int | None = None
    is_told: bool = False
    tabs: int = 0
