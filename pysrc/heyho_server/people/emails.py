"""Email addresses: the names by which people sign in. Nothing is ever sent to them."""

from __future__ import annotations

import re
import unicodedata

MAX_EMAIL = 254

_EMAIL = re.compile(r"[^\s@]+@[^\s@]+")


def fold_email(text: str) -> str:
    """What was typed, in the one form in which addresses are stored, looked for and counted."""
    return unicodedata.normalize("NFC", text).strip().lower()


def read_email(text: str) -> str:
    """An address as it is stored: see `fold_email`.

    Raises:
        ValueError: a sentence.
    """
    email = fold_email(text)
    if len(email) > MAX_EMAIL or not email.isprintable() or not _EMAIL.fullmatch(email):
        raise ValueError(
            f"An email address is written as name@example.org, in at most {MAX_EMAIL} characters."
        )
    return email
