"""A search that is asked page by page, while its text changes. Pure.

One question is on its way at a time: the engine answers them one after the other, so what was typed
meanwhile is asked once, as it then stands. An answer to an earlier text is dropped.
"""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from heyho.pages.shapes import Json

FIRST = 60
PAGE = 100


def ids(visits: "list[Json]") -> "list[str]":
    """The ids of visits."""
    return [visit["id"] for visit in visits]


class Finding:
    """What is searched for, what was found so far, and which question comes next.

    Attributes:
        text: what is searched for.
        found: how many visits were found so far.
        complete: whether these are all.
        highlight: words to mark in what was found.
        missing: how many visits are not indexed yet.
        first: the ids of the first page's visits.
        problem: why the last question has no answer, in a sentence; empty if it has one.
    """

    def __init__(self) -> None:
        self.text = ""
        self.found = 0
        self.complete = False
        self.highlight: "list[str]" = []
        self.missing = 0
        self.problem = ""
        self.first: "list[str]" = []
        self._next: "Json | None" = None
        self._begun = False
        self._fresh = False
        self._failed_first = False
        self._travelling: "Json | None" = None

    def begin(self, text: str) -> None:
        """Search anew: for another text, or for the same once more."""
        self.text = text
        self._fresh = True
        self.problem = ""

    def again(self) -> None:
        """Go on after a failure, where it happened."""
        if self._failed_first:
            self.begin(self.text)
        self.problem = ""

    def question(self, *, more: bool) -> "Json | None":
        """The request to send now; None if there is none, or one is on its way.

        Args:
            more: whether the next page is wanted, beside a search that was just begun.
        """
        if self._travelling is not None:
            return None
        if self._fresh:
            self._fresh = False
            self._travelling = self._request(FIRST, None)
        elif more and self._begun and not self.complete and not self.problem:
            self._travelling = self._request(PAGE, self._next)
        return self._travelling

    def answer(self, reply: "Json") -> "list[Json] | None":
        """Take the answer to the question on its way.

        Returns the visits of a page; None where the answer comes too late, or is none.
        """
        asked, self._travelling = self._travelling, None
        if asked is None or self._fresh:
            return None
        first = asked["before"] is None
        if not reply["ok"]:
            self.problem = reply["error"]
            self._failed_first = first
            return None
        visits: "list[Json]" = reply["visits"]
        if first:
            self.found = 0
            self.first = ids(visits)
        self._begun = True
        self.found += len(visits)
        self._next = reply["next"]
        self.complete = self._next is None
        self.highlight = reply["highlight"]
        self.missing = reply["missing"]
        return visits

    @property
    def searching(self) -> bool:
        """Whether the question on its way is for the first page."""
        return self._travelling is not None and self._travelling["before"] is None

    @property
    def waiting(self) -> bool:
        """Whether a question is on its way."""
        return self._travelling is not None

    def _request(self, limit: int, before: "Json | None") -> "Json":
        return {"kind": "search", "text": self.text, "limit": limit, "before": before}
