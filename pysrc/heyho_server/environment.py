"""Environment variables: which there are, and what they say."""

from __future__ import annotations

from collections.abc import Mapping
from difflib import get_close_matches
from pathlib import Path

from heyho_server.errors import StartError

# Each may come from a file, named by the same variable with _FILE: as secrets of containers do.
SECRETS = (
    "HEYHO_BOOTSTRAP_TOKEN",
    "HEYHO_DATABASE_URL",
    "HEYHO_METRICS_TOKEN",
    "HEYHO_RATE_LIMIT_URL",
)
VARIABLES = (
    *SECRETS,
    "HEYHO_BOOTSTRAP_TOKEN_FILE",
    "HEYHO_DATABASE_URL_FILE",
    "HEYHO_METRICS_TOKEN_FILE",
    "HEYHO_RATE_LIMIT_URL_FILE",
    "HEYHO_DATA",
    "HEYHO_HOST",
    "HEYHO_INSECURE",
    "HEYHO_LIMIT_GENERAL",
    "HEYHO_LIMIT_LOGIN",
    "HEYHO_LIMIT_PAIR",
    "HEYHO_LIMIT_SYNC_ADDRESS",
    "HEYHO_LIMIT_SYNC_USER",
    "HEYHO_PARTITIONS",
    "HEYHO_PORT",
    "HEYHO_REGISTRATION",
    "HEYHO_TLS_CERT",
    "HEYHO_TLS_KEY",
    "HEYHO_TRUSTED_PROXIES",
    "HEYHO_WORKERS",
)
# build.py's, which the server inherits from it.
_OTHERS = ("HEYHO_CHROMIUM", "HEYHO_POSTGRES", "HEYHO_REDIS")
_YES, _NO = ("1", "true", "yes", "on"), ("", "0", "false", "no", "off")


def with_secrets(environment: Mapping[str, str]) -> dict[str, str]:
    """The environment, with the secrets that it says are in files.

    Raises:
        StartError: a file cannot be read, or a secret is given in both ways.
    """
    settled = dict(environment)
    for name in SECRETS:
        path = settled.get(f"{name}_FILE")
        if not path:
            continue
        if settled.get(name):
            raise StartError(f"Both {name} and {name}_FILE are set; leave one of them out.")
        try:
            settled[name] = Path(path).read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as problem:
            raise StartError(
                f"{path}, which {name}_FILE names, cannot be read; correct or unset it."
            ) from problem
        if not settled[name]:
            raise StartError(f"{path}, which {name}_FILE names, is empty; fill it, or unset it.")
    return settled


def read_number(environment: Mapping[str, str], name: str, usual: int) -> int:
    """A whole number; the usual one where it is unset or empty."""
    text = environment.get(name, "").strip()
    if not text:
        return usual
    if not (text.isascii() and text.isdecimal()):
        raise StartError(f"{name} is {text!r}, which is no whole number; write it in digits.")
    return int(text)


def read_switch(environment: Mapping[str, str], name: str) -> bool:
    """Whether something is switched on; it is not where it is unset or empty."""
    text = environment.get(name, "").strip().lower()
    if text not in (*_YES, *_NO):
        raise StartError(f"{name} is {text!r}; write 1 for yes or 0 for no.")
    return text in _YES


def unknown_variables(environment: Mapping[str, str]) -> dict[str, str | None]:
    """Variables that look like the server's and are not, with the nearest that is."""
    strangers = sorted(
        name
        for name in environment
        if name.startswith("HEYHO_") and name not in (*VARIABLES, *_OTHERS)
    )
    known = {name.removeprefix("HEYHO_"): name for name in VARIABLES}
    nearest = (get_close_matches(name.removeprefix("HEYHO_"), known, n=1) for name in strangers)
    return {
        name: known[found[0]] if found else None
        for name, found in zip(strangers, nearest, strict=True)
    }
