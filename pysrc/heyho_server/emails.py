"""Email addresses: the names by which people sign in. Nothing is ever sent to them."""

from __future__ import annotations

import re

MAX_EMAIL = 254

_EMAIL = re.compile(r"[^\s@]+@[^\s@]+")


def read_email(text: str) -> str:
    """An address as it is stored and looked for: in lower case.

    Raises:
        ValueError: a sentence.
    """
    email = text.strip().lower()
    if len(email) > MAX_EMAIL or not email.isprintable() or not _EMAIL.fullmatch(email):
        raise ValueError(
            f"An email address is written as name@example.org, in at most {MAX_EMAIL} characters."
        )
    return email
