"""When a visit begins and ends, and what it says of itself."""

from __future__ import annotations

from uuid import UUID

import pytest

from heyho.exclusions import Exclusions
from heyho.recording.fold import fold
from unit.recording.story import CLIENT, T0, A, B, C, Story, fold_events, picture, seconds


def test_a_visit_lasts_from_arrival_to_departure() -> None:
    [visit] = Story().wait(1).go(A, by="typed").wait(10).go(B).visits()
    assert seconds(visit) == (1, 11)
    assert (visit.url, visit.domain, visit.transition) == (A, "a.example", "typed")
    assert (visit.tab_id, visit.window_id, visit.anonymous_client_id) == (1, 1, CLIENT)


def test_an_open_visit_is_not_emitted() -> None:
    assert Story().go(A).wait(3600).visits() == []


def test_closing_the_tab_ends_the_visit_once() -> None:
    [visit] = Story().go(A).wait(5).close().wait(5).close().visits()
    assert seconds(visit) == (0, 5)


def test_a_page_without_url_ends_the_visit_and_opens_none() -> None:
    [visit] = Story().go(A).wait(5).go(None).wait(5).close().visits()
    assert seconds(visit) == (0, 5)


def test_the_pause_ends_every_visit() -> None:
    story = Story().go(A).create(2).go(B, tab=2).wait(5).pause().wait(5).close(1).close(2)
    assert [seconds(visit) for visit in story.visits()] == [(0, 5), (0, 5)]


@pytest.mark.parametrize(
    ("by", "qualifiers", "transition"),
    [
        ("typed", ["from_address_bar"], "typed"),
        ("auto_bookmark", [], "auto_bookmark"),
        ("link", ["forward_back"], "forward_back"),
        ("typed", ["forward_back", "from_address_bar"], "forward_back"),
        ("link", ["server_redirect"], "link"),
        (None, [], None),
        ("no such\x00word", [], None),
    ],
)
def test_the_transition(by: str | None, qualifiers: list[str], transition: str | None) -> None:
    [visit] = Story().go(A, *qualifiers, by=by).close().visits()
    assert visit.transition == transition


def test_a_reload_is_a_visit_of_its_own() -> None:
    first, second = Story().go(A).wait(5).go(A, by="reload").wait(5).close().visits()
    assert seconds(first) == (0, 5)
    assert (seconds(second), second.transition) == ((5, 10), "reload")


def test_a_link_to_the_page_itself_is_a_visit_of_its_own() -> None:
    assert len(Story().go(A).wait(5).go(A).close().visits()) == 2


def test_a_visit_keeps_the_window_of_its_start() -> None:
    [visit] = Story().go(A).wait(5).attach(1, window=2).activate(1, window=2).close().visits()
    assert visit.window_id == 1


def test_a_window_learnt_late_is_better_than_none() -> None:
    [visit] = Story().go(A, tab=2).create(2, window=7).close(2).visits()
    assert visit.window_id == 7


def test_ids_are_version_7_and_carry_the_start() -> None:
    [visit] = Story().wait(1.5).go(A).wait(1).close().visits()
    own_id = UUID(visit.id)
    assert (own_id.version, own_id.variant) == (7, "specified in RFC 4122")
    assert own_id.int >> 80 == T0 + 1500


def test_the_same_events_give_the_same_ids_and_other_devices_give_others() -> None:
    story = Story().go(A).go(B).create(2).go(C, tab=2).close(1).close(2)
    ids = [visit.id for visit in story.visits()]
    assert ids == [visit.id for visit in story.visits()]
    others = fold(None, story.events, client_id="device-2", exclusions=Exclusions([])).visits
    assert len({*ids, *(visit["id"] for visit in others)}) == 6


def test_times_are_rounded_down() -> None:
    story = Story()
    story.now_ms += 0.9
    [visit] = story.go(A).silence(1.0005).close().visits()
    assert seconds(visit) == (0, 1.001)


def test_a_tab_replaced_under_another_number_goes_on() -> None:
    first, second = Story().go(A).wait(5).replace(1, by=9).wait(5).go(B, tab=9).close(9).visits()
    assert (seconds(first), first.tab_id) == ((0, 10), 9)
    assert first.active_duration_ms == 10_000
    assert second.source_page_visit_id == first.id


def test_a_page_loaded_in_advance_takes_the_place_of_the_other() -> None:
    story = Story().go(A).wait(5).go(B, tab=9).wait(5).replace(1, by=9).wait(5).close(9)
    first, second = story.visits()
    assert (first.url, seconds(first)) == (A, (0, 10))
    assert (second.url, seconds(second), second.active_duration_ms) == (B, (5, 15), 5000)


def test_a_page_that_comes_to_the_front_under_another_number() -> None:
    story = Story().go(A).create(9).activate(9).wait(5).replace(1, by=9).wait(5).close(9)
    [visit] = story.visits()
    assert visit.active_duration_ms == 5000


class TestStartup:
    def test_visits_end_at_the_last_sign_of_life(self) -> None:
        story = Story().go(A).wait(90).silence(7200)
        [visit] = story.session("startup", picture(5, A, active=True)).visits()
        assert seconds(visit) == (0, 60)

    def test_a_visit_goes_on_where_tab_and_page_are_still_the_same(self) -> None:
        story = Story().go(A).wait(30).session("startup", picture(1, A + "#x", active=True))
        [visit] = story.wait(30).close().visits()
        assert seconds(visit) == (0, 60)

    def test_no_visit_is_opened(self) -> None:
        story = Story().session("startup", picture(5, A, active=True)).wait(5).close(5)
        assert story.visits() == []

    def test_restored_tabs_announce_themselves(self) -> None:
        story = Story().session("startup", picture(5, A, active=True)).go(A, tab=5, by="reload")
        [visit] = story.wait(5).close(5).visits()
        assert (seconds(visit), visit.active_duration_ms) == ((0, 5), 5000)


class TestResume:
    @pytest.mark.parametrize("why", ["install", "update", "resume"])
    def test_every_page_in_the_picture_gets_a_visit(self, why: str) -> None:
        story = (
            Story()
            .wait(1)
            .session(
                why, picture(5, A, active=True, title="One"), picture(6, B), picture(7), focused=1
            )
        )
        one, two = story.wait(5).close(5).close(6).close(7).visits()
        assert (one.url, one.title, one.transition, seconds(one)) == (A, "One", None, (1, 6))
        assert (one.active_duration_ms, two.active_duration_ms) == (5000, 0)
        assert one.id != two.id

    def test_visits_go_on_or_end_and_nothing_is_doubled(self) -> None:
        story = Story().go(A).go(B, tab=2).go(C, tab=3).wait(30).event("heartbeat").silence(20)
        story.session("update", picture(1, A, active=True), picture(2, C)).wait(10)
        ended, gone, stayed, other = story.close(1).close(2).visits()
        assert (ended.url, seconds(ended)) == (B, (0, 30))
        assert (gone.url, seconds(gone)) == (C, (0, 30))
        assert (stayed.url, seconds(stayed)) == (A, (0, 60))
        assert (other.url, seconds(other)) == (C, (50, 60))

    def test_a_visit_that_goes_on_has_slept(self) -> None:
        story = Story().go(A).wait(30).event("heartbeat").silence(3600)
        [visit] = story.session("update", picture(1, A, active=True)).wait(10).close().visits()
        assert (visit.active_duration_ms, visit.idle_periods[0].reason) == (40_000, "sleep")


class TestNavigationsOfTheTimeBeforeThePicture:
    """It was asked for in second 1 and taken in second 3; the events come in the order of keys."""

    @staticmethod
    def pictured(url: str, *excluded: str) -> Story:
        tab = picture(1, url, active=True, title="Title")
        story = Story(*excluded).wait(1)
        return story.session("update", tab, picturedAt=T0 + 3000).wait(1)

    def test_the_page_that_it_shows_is_one_visit(self) -> None:
        [visit] = self.pictured(A).go(A).wait(3).close().visits()
        assert (visit.url, visit.title, seconds(visit)) == (A, "Title", (1, 5))
        assert visit.transition == "link"

    def test_pages_on_the_way_to_it_are_visits(self) -> None:
        first, last = self.pictured(B).go(A).wait(1).go(B).wait(2).close().visits()
        assert (first.url, first.title, seconds(first)) == (A, "", (1, 3))
        assert (last.url, last.source_page_visit_id, seconds(last)) == (B, first.id, (3, 5))

    @pytest.mark.parametrize("url", [A, None])
    def test_one_on_the_way_that_is_not_recorded_leaves_no_trace(self, url: str | None) -> None:
        story = self.pictured(B, "a.example").go(url).go(B).wait(1).close()
        assert [visit.url for visit in story.visits()] == [B]

    def test_nor_does_a_hop(self) -> None:
        story = self.pictured(B).go(A).go(B, "client_redirect").wait(1).close()
        assert [visit.url for visit in story.visits()] == [B]

    @pytest.mark.parametrize(("url", "urls"), [(A, [A]), (B, [A, B])])
    def test_told_of_after_it(self, url: str, urls: list[str]) -> None:
        """The same page is known already. Another must have come after it."""
        committed = {"committedAt": T0 + 2500, "qualifiers": [], "transition": "typed"}
        story = self.pictured(A).wait(3).event("navigated", tabId=1, url=url, **committed)
        visits = story.wait(1).close().visits()
        assert [visit.url for visit in visits] == urls
        assert visits[-1].transition == "typed"

    def test_the_same_page_committed_after_it_is_another_visit(self) -> None:
        committed = {"committedAt": T0 + 3500, "qualifiers": [], "transition": "reload"}
        story = self.pictured(A).wait(3).event("navigated", tabId=1, url=A, **committed)
        assert [seconds(visit) for visit in story.wait(1).close().visits()] == [(1, 5), (5, 6)]

    def test_a_second_time_it_is_another_visit(self) -> None:
        story = self.pictured(A).go(A).wait(0.5).go(A, by="reload").close()
        assert [visit.url for visit in story.visits()] == [A, A]

    def test_a_clock_set_back_puts_no_navigation_before_it(self) -> None:
        story = self.pictured(A).wait(30).silence(-3600).event("heartbeat")
        assert [visit.url for visit in story.go(B).close().visits()] == [A, B]


def test_a_page_excluded_after_it_was_recorded_leaves_no_trace() -> None:
    story = Story("a.example").go(A).title("Secret", A).wait(5).go(B).wait(5).close()
    [visit] = story.visits()
    assert (visit.url, visit.source_page_visit_id) == (B, None)


def test_an_open_visit_to_a_page_excluded_since_is_dropped() -> None:
    state = Story().go(A).title("Secret").folded().state
    assert "a.example" in str(state)
    after = fold_events(
        [(99, {"kind": "removed", "at": T0 + 5000, "tabId": 1})], state, "a.example"
    )
    assert (after.visits, "a.example" in str(after.state)) == ([], False)
