"""What led to a page, and which pages are only hops."""

from __future__ import annotations

import pytest

from unit.recording.story import A, B, C, Story, seconds


class TestSource:
    @pytest.mark.parametrize("by", ["link", "form_submit"])
    def test_a_link_names_the_page_it_was_on(self, by: str) -> None:
        first, second = Story().go(A).wait(9).go(B, by=by).wait(9).close().visits()
        assert second.source_page_visit_id == first.id

    @pytest.mark.parametrize(
        "by", ["typed", "auto_bookmark", "generated", "keyword", "reload", "start_page"]
    )
    def test_a_person_comes_from_nowhere(self, by: str) -> None:
        _, second = Story().go(A).wait(9).go(B, by=by).wait(9).close().visits()
        assert second.source_page_visit_id is None

    def test_the_way_back_has_no_source(self) -> None:
        _, second = Story().go(A).wait(9).go(B, "forward_back").close().visits()
        assert second.source_page_visit_id is None

    def test_a_page_that_is_not_recorded_is_no_source(self) -> None:
        _, second = Story().go(A).wait(9).go(None).wait(9).go(B).close().visits()
        assert second.source_page_visit_id is None

    @pytest.mark.parametrize("by", ["link", "form_submit"])
    def test_a_tab_opened_by_a_page(self, by: str) -> None:
        story = Story().go(A).wait(9).target(2).create(2).go(B, tab=2, by=by).go(C, tab=2, by=by)
        b, c, a = story.close(2).close(1).visits()
        assert (b.source_page_visit_id, c.source_page_visit_id) == (a.id, b.id)

    def test_the_source_is_the_page_of_that_moment(self) -> None:
        story = Story().go(A).wait(9).create(2, opener=1).target(2).wait(1).go(C).go(B, tab=2)
        a, _, b = story.close(1).close(2).visits()
        assert b.source_page_visit_id == a.id

    def test_it_may_be_told_late(self) -> None:
        b, a = Story().go(A).wait(9).go(B, tab=2).target(2).close(2).close(1).visits()
        assert b.source_page_visit_id == a.id

    def test_but_only_for_the_first_page(self) -> None:
        story = Story().go(A).go(B, tab=2, by="typed").go(C, tab=2, by="typed").target(2)
        assert [visit.source_page_visit_id for visit in story.close(2).visits()] == [None, None]

    def test_an_opener_counts_for_a_link(self) -> None:
        b, a = Story().go(A).wait(9).create(2, opener=1).go(B, tab=2).close(2).close(1).visits()
        assert b.source_page_visit_id == a.id

    @pytest.mark.parametrize("by", ["typed", "auto_bookmark", "form_submit", "generated"])
    def test_ctrl_t_makes_no_source(self, by: str) -> None:
        story = Story().go(A).wait(9).create(2, opener=1).go(B, tab=2, by=by)
        assert story.close(2).visits()[0].source_page_visit_id is None

    def test_a_link_on_the_new_tab_page_has_no_source(self) -> None:
        story = Story().go(A).wait(9).create(2, opener=1).go(None, tab=2).go(B, tab=2)
        assert story.close(2).visits()[0].source_page_visit_id is None

    def test_an_opener_does_not_outdo_the_page(self) -> None:
        story = Story().go(A).go(C, tab=3).target(2, source=3).create(2, opener=1).go(B, tab=2)
        b, c = story.close(2).close(3).visits()
        assert b.source_page_visit_id == c.id

    def test_a_tab_is_not_its_own_source(self) -> None:
        [visit] = Story().go(A, tab=2).target(2, source=2).close(2).visits()
        assert visit.source_page_visit_id is None


class TestClientRedirect:
    def test_a_hop_is_no_visit(self) -> None:
        story = Story().go(A).wait(9).go(B).wait(2).go(C, "client_redirect").wait(9).close()
        a, c = story.visits()
        assert (c.url, seconds(c)) == (C, (11, 20))
        assert c.source_page_visit_id == a.id

    def test_the_way_to_the_hop_is_the_way_to_the_page(self) -> None:
        [visit] = Story().go(B, by="typed").wait(1).go(C, "client_redirect").close().visits()
        assert (visit.transition, visit.source_page_visit_id) == ("typed", None)

    def test_several_hops(self) -> None:
        story = Story().go(A).wait(4).go(B, "client_redirect").wait(4).go(C, "client_redirect")
        [visit] = story.wait(9).close().visits()
        assert (visit.url, seconds(visit)) == (C, (8, 17))

    def test_a_page_seen_for_longer_is_a_visit(self) -> None:
        b, c = Story().go(B).wait(5.001).go(C, "client_redirect").close().visits()
        assert (seconds(b), c.source_page_visit_id) == ((0, 5.001), b.id)

    def test_a_page_that_loads_itself_anew_is_a_visit(self) -> None:
        assert len(Story().go(B).wait(1).go(B + "#x", "client_redirect").close().visits()) == 2

    def test_going_on_to_a_page_that_is_not_recorded_leaves_the_visit(self) -> None:
        [visit] = Story().go(B).wait(1).go(None, "client_redirect").close().visits()
        assert seconds(visit) == (0, 1)

    @pytest.mark.parametrize(
        ("by", "qualifiers"),
        [
            ("link", ["forward_back", "client_redirect"]),
            ("typed", ["from_address_bar", "client_redirect"]),
            ("reload", ["client_redirect"]),
        ],
    )
    def test_a_persons_doing_is_no_redirect(self, by: str, qualifiers: list[str]) -> None:
        assert len(Story().go(B).wait(1).go(C, *qualifiers, by=by).close().visits()) == 2

    def test_a_tab_opened_by_a_hop_names_the_page(self) -> None:
        story = Story().go(A).target(2).go(B, tab=2).wait(1).go(C, "client_redirect")
        c, b = story.close(1).close(2).visits()
        assert (c.url, b.source_page_visit_id) == (C, c.id)


class TestSameDocument:
    def test_another_address_is_a_visit(self) -> None:
        a, b = Story().go(A).wait(9).push(A + "2").wait(9).close().visits()
        assert (b.url, seconds(b), b.source_page_visit_id) == (A + "2", (9, 18), a.id)

    def test_the_fragment_alone_is_none(self) -> None:
        [visit] = Story().go(A).wait(9).push(A + "#x").wait(9).push(A + "#y").close().visits()
        assert (visit.url, seconds(visit)) == (A, (0, 18))

    def test_the_query_is(self) -> None:
        assert len(Story().go(A).wait(9).push(A + "?x").close().visits()) == 2

    def test_the_title_stays_until_another_comes(self) -> None:
        story = Story().go(A).title("One").wait(9).push(A + "2").wait(9).push(A + "3")
        titles = [visit.title for visit in story.title("Three", A + "3").close().visits()]
        assert titles == ["One", "One", "Three"]

    def test_a_new_document_has_no_title_yet(self) -> None:
        assert Story().go(A).title("One").wait(9).go(B).close().visits()[1].title == ""

    def test_an_address_put_right_is_the_same_visit(self) -> None:
        story = Story().go(A, by="typed").title("One").wait(1).push(A + "in", "client_redirect")
        [visit] = story.wait(9).close().visits()
        assert (visit.url, visit.title, seconds(visit)) == (A + "in", "One", (0, 10))
        assert visit.transition == "typed"

    def test_an_address_changed_later_is_another(self) -> None:
        assert len(Story().go(A).wait(6).push(A + "2", "client_redirect").close().visits()) == 2

    def test_the_way_back_has_no_source(self) -> None:
        story = Story().go(A).wait(9).push(A + "2").wait(9).push(A, "forward_back").close()
        back = story.visits()[2]
        assert (back.transition, back.source_page_visit_id) == ("forward_back", None)

    def test_from_a_page_that_is_not_recorded(self) -> None:
        [visit] = Story().go(None).wait(9).push(A).wait(9).close().visits()
        assert (seconds(visit), visit.source_page_visit_id, visit.title) == ((9, 18), None, "")

    def test_to_a_page_that_is_not_recorded(self) -> None:
        [visit] = Story().go(A).wait(9).push(None).wait(9).close().visits()
        assert seconds(visit) == (0, 9)


class TestTitle:
    def test_the_last_one_counts(self) -> None:
        assert Story().go(A).title("One").wait(600).title("Two").close().visits()[0].title == "Two"

    def test_the_fragment_does_not_matter(self) -> None:
        assert Story().go(A).title("One", A + "#x").close().visits()[0].title == "One"

    @pytest.mark.parametrize("title", ["", "  ", "\x00\n", None, 7, A, "a.example", "a.example/"])
    def test_what_says_nothing_does_not_count(self, title: object) -> None:
        assert Story().go(A).title("One").title(title).close().visits()[0].title == "One"

    @pytest.mark.parametrize("url", [B, None])
    def test_a_title_of_another_page_does_not_count(self, url: str | None) -> None:
        assert Story().go(A).title("Two", url).close().visits()[0].title == ""

    def test_a_title_too_late_does_not_count(self) -> None:
        _, second = Story().go(A).wait(9).go(B).title("One", A).close().visits()
        assert second.title == ""

    def test_a_tab_nobody_knows(self) -> None:
        assert Story().title("One", A, tab=9).folded() == Story().event("heartbeat").folded()
