"""Navigation: what led to a page, and which pages are only hops on the way to one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from heyho.recording.page import is_same_page

if TYPE_CHECKING:
    from heyho.recording.events import Navigated
    from heyho.recording.tab import Tab
    from heyho.recording.visit import OpenVisit

CLIENT_REDIRECT_MS = 5_000
"""A page that sends its visitor on within this time is a hop on the way, and no visit.

Pages that announce "you will be redirected in a moment" wait for 5 seconds at most as a rule.
Whatever was on the screen for longer has been seen.
"""

_LED_BY_PAGE = ("link", "form_submit")


def is_hop(page: OpenVisit, at: int, event: Navigated) -> bool:
    """Whether the open page is only a hop on the way to where the event leads.

    A page that loads itself anew is none, or one that does so every few seconds would leave
    nothing behind.
    """
    return (
        event.client_redirect
        and event.url is not None
        and at - page.started_at <= CLIENT_REDIRECT_MS
        and not is_same_page(event.url, page.url)
    )


def was_pictured(page: OpenVisit, event: Navigated) -> bool:
    """Whether the open page comes from a picture taken after what the event tells of.

    A recorder that starts slowly, or waits for its picture, is told meanwhile of pages that the
    picture will show. Should the browser tell of one a little later still, the commit was before
    the picture, and the page is the same.
    """
    if page.pictured_at is None:
        return False
    if event.at <= page.pictured_at:
        return True
    if event.url is None or event.committed_at is None:
        return False
    return event.committed_at <= page.pictured_at and is_same_page(event.url, page.url)


def source_id(tab: Tab, event: Navigated) -> str | None:
    """The visit that has led to the page which the tab goes to.

    It is the page that the tab leaves, for a link, a form and a script's own doing, or for a
    tab's first page the one that opened the tab. A page that is not recorded is nobody's source.
    """
    if tab.visit is not None:
        by_page = event.transition in _LED_BY_PAGE
        if event.same_document:
            by_page = event.transition not in ("forward_back", "reload")
        return tab.visit.id if by_page else None
    return tab.opener_id if _opener_counts(event.transition, tab.opener_is_page) else None


def opened_by(tab: Tab, source: Tab | None, *, is_page: bool) -> None:
    """Remember which visit the source tab shows, for the first page of the tab.

    Args:
        tab: the tab that was opened.
        source: where from, None if that tab is unknown.
        is_page: whether a page opened it for certain. Otherwise the browser only names the tab
            that was in front, which it does for Ctrl+T too: then only a link is believed.
    """
    if source is tab:
        return
    opener_id = source.visit.id if source is not None and source.visit is not None else None
    if tab.pages == 0:
        if is_page or not tab.opener_is_page:
            tab.opener_id, tab.opener_is_page = opener_id, is_page
        return
    visit = tab.visit
    if tab.pages == 1 and visit is not None and visit.source_id is None:
        # The browser told of the first page before it told where the tab came from.
        visit.source_id = opener_id if _opener_counts(visit.transition, is_page) else None


def _opener_counts(transition: str | None, is_page: bool) -> bool:
    return transition in _LED_BY_PAGE if is_page else transition == "link"
