"""Pairing by a code: what to tell the person of how it went. Pure."""

from heyho import texts

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

LONGEST_TOKEN = 4000


def missing(server_url: str, code: str) -> str:
    """What has to be entered first; empty if nothing."""
    if not server_url.strip():
        return texts.text("options_pair_address")
    if not code:
        return texts.text("options_pair_code")
    return ""


def trouble(status: int, answer: "Any") -> str:
    """Why an answer brings no token; empty if it brings one. `status` is 0 when none came."""
    said = answer if isinstance(answer, dict) else {}
    token = said.get("token")
    if status == 200 and isinstance(token, str) and _is_token(token):
        return ""
    if status == 0:
        return texts.text("options_pair_silent")
    if status == 429:
        return texts.text("options_pair_many")
    if said.get("error_code") == "WRONG_CODE":
        return texts.text("options_pair_wrong")
    if status >= 500:
        return texts.text("options_pair_error", status)
    return texts.text("options_pair_stranger", status)


def _is_token(text: str) -> bool:
    """Whether a text can be a token: printable ASCII without spaces."""
    return 0 < len(text) <= LONGEST_TOKEN and all("!" <= char <= "~" for char in text)
