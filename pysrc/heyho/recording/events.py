"""Events: what the recorder writes down, one type for each kind. Times are epoch milliseconds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

NO_WINDOW = -1
"""The focused window while another program has the focus."""

IdleState = Literal["active", "idle", "locked"]


@dataclass(frozen=True, slots=True)
class PicturedTab:
    """A tab as a `Session` saw it."""

    tab_id: int
    window_id: int | None
    url: str | None
    title: str
    active: bool
    audible: bool


@dataclass(frozen=True, slots=True)
class Session:
    """The whole picture, taken after the stream of events had been broken.

    Attributes:
        pictured_at: when the browser had told of its tabs; `at` is when it was to be asked. None
            where it was not written down.
    """

    at: int
    pictured_at: int | None
    at_startup: bool
    tabs: tuple[PicturedTab, ...]
    focused: int | None
    idle: IdleState


@dataclass(frozen=True, slots=True)
class Paused:
    """The person stopped the recording."""

    at: int


@dataclass(frozen=True, slots=True)
class Created:
    """A tab was made. The browser names an opener even for an empty tab made by Ctrl+T."""

    at: int
    tab_id: int
    window_id: int | None
    opener_tab_id: int | None


@dataclass(frozen=True, slots=True)
class Targeted:
    """A page in the source tab opened this tab, by a link or a script."""

    at: int
    tab_id: int
    source_tab_id: int


@dataclass(frozen=True, slots=True)
class Navigated:
    """A tab shows another address.

    Attributes:
        url: None when it must not be recorded.
        transition: "forward_back" for a way through the tab's history, else the browser's word.
        client_redirect: the page itself sent the tab here. Going back to such a page or loading
            it again brings the qualifier along, but is a person's doing, and so is the address
            bar: then this is False.
        same_document: history.pushState or replaceState, no page was loaded.
        committed_at: when the browser says that it happened, which may be long before the
            recorder was told; None where it was not written down.
    """

    at: int
    tab_id: int
    url: str | None
    transition: str | None
    client_redirect: bool
    same_document: bool
    committed_at: int | None


@dataclass(frozen=True, slots=True)
class Titled:
    """The title of a tab, with its address at that moment; empty when it says nothing."""

    at: int
    tab_id: int
    url: str | None
    title: str


@dataclass(frozen=True, slots=True)
class Activated:
    """A tab became the one that its window shows."""

    at: int
    tab_id: int
    window_id: int


@dataclass(frozen=True, slots=True)
class Attached:
    """A tab was moved to another window."""

    at: int
    tab_id: int
    window_id: int


@dataclass(frozen=True, slots=True)
class Replaced:
    """A tab took another's place, which is gone."""

    at: int
    tab_id: int
    removed_tab_id: int


@dataclass(frozen=True, slots=True)
class Audible:
    """A tab began or ceased to make sound."""

    at: int
    tab_id: int
    audible: bool


@dataclass(frozen=True, slots=True)
class Focused:
    """A window, or `NO_WINDOW`, took the focus."""

    at: int
    window_id: int


@dataclass(frozen=True, slots=True)
class Idled:
    """The person's input ceased, came back, or the screen was locked."""

    at: int
    state: IdleState


@dataclass(frozen=True, slots=True)
class Removed:
    """A tab was closed."""

    at: int
    tab_id: int


@dataclass(frozen=True, slots=True)
class Heartbeat:
    """Nothing happened, and the browser was there."""

    at: int


Event = (
    Session
    | Paused
    | Created
    | Targeted
    | Navigated
    | Titled
    | Activated
    | Attached
    | Replaced
    | Audible
    | Focused
    | Idled
    | Removed
    | Heartbeat
)
