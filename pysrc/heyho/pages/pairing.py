"""Pairing by a code: what to tell the person of how it went. Pure."""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def missing(server_url: str, code: str) -> str:
    """What has to be entered first; empty if nothing."""
    if not server_url.strip():
        return "Enter your server's address first."
    if not code:
        return "Enter the code that your server or another device shows you."
    return ""


def trouble(status: int, answer: "Any") -> str:
    """Why an answer brings no token; empty if it brings one. `status` is 0 when none came."""
    said = answer if isinstance(answer, dict) else {}
    token = said.get("token")
    if status == 200 and isinstance(token, str) and token:
        return ""
    if status == 0:
        return "Your server did not answer. Check its address, and that it runs."
    if status == 429:
        return "Too many codes were tried. Wait a few minutes, then make a new one."
    if said.get("error_code") == "WRONG_CODE":
        return "This code is mistyped, used, or older than ten minutes. Make a new one."
    if status >= 500:
        return f"Your server had an error of its own ({status}). Try again later."
    return f"The answer ({status}) is not that of a server that pairs. Check its address."
