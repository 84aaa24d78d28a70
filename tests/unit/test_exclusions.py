"""Which pages a pattern covers, in Python and in the recorder's JavaScript alike."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from heyho.exclusions import Exclusions, to_regexp

COVERED = {
    "bank.example": [
        "https://bank.example",
        "https://bank.example/",
        "http://bank.example/accounts?id=1#top",
        "https://bank.example?id=1",
        "https://bank.example#top",
        "https://bank.example:8443/",
        "https://www.bank.example/",
        "https://a.b.bank.example/",
        "https://BANK.Example/Login",
        "https://bank.example./",
        "https://www.bank.example.:443/",
        "https://name@bank.example/",
        "https://name:secret@bank.example/",
        "https://evil.example@bank.example/",
    ],
    "Bank.Example": ["https://bank.example/", "HTTPS://BANK.EXAMPLE/"],
    "https://bank.example": ["http://bank.example/", "https://bank.example/x"],
    "*://bank.example": ["http://bank.example/", "https://bank.example/x"],
    "  bank.example  ": ["https://bank.example/"],
    "bank.example.": ["https://bank.example/", "https://bank.example./"],
    ".bank.example": ["https://bank.example/", "https://www.bank.example/"],
    "bank.example/": ["https://bank.example/x"],
    "bank.example/*": ["https://bank.example", "https://bank.example/x"],
    "bank.example:8080": ["https://bank.example:8080/x", "https://bank.example:8080"],
    "localhost:8080": ["http://localhost:8080/", "http://app.localhost:8080/"],
    "localhost": ["http://localhost:8080/", "http://localhost/"],
    "127.0.0.1": ["http://127.0.0.1:9000/x"],
    "news.example/account": [
        "https://news.example/account",
        "https://news.example/account/",
        "https://news.example/account/settings",
        "https://news.example/account?tab=1",
        "https://news.example/account#x",
        "https://www.news.example:8443/account",
        "https://news.example/Account/",
    ],
    "news.example/a/": ["https://news.example/a/", "https://news.example/a/b"],
    "shop.example/*/checkout": [
        "https://shop.example/de/checkout",
        "https://shop.example/de/at/checkout/pay",
        "https://shop.example/de/checkout?step=2",
    ],
    "shop.example/tmp*": ["https://shop.example/tmp", "https://shop.example/tmp-1/x"],
    "*.internal": ["https://wiki.internal/x", "https://a.b.internal:8443/"],
    "bank*": ["https://bank.example/", "https://my.bank.example:8080/", "http://banking/"],
    "*bank*.example": ["https://mybanking.example/"],
    "*": ["https://anything.example/", "http://localhost:1/", "http://[::1]:80/x"],
    "*:8080": ["https://anything.example:8080/", "http://[::1]:8080/x"],
    "*/secret": ["https://anything.example/secret/x"],
    "bücher.example": ["https://xn--bcher-kva.example/", "https://www.xn--bcher-kva.example/"],
    "BÜCHER.example": ["https://xn--bcher-kva.example/"],
    "*.bücher.example": ["https://www.xn--bcher-kva.example/"],
    "xn--bcher-kva.example": ["https://xn--bcher-kva.example/"],
    "straße.example": ["https://xn--strae-oqa.example/"],
    "wiki.example/über": ["https://wiki.example/%C3%BCber", "https://wiki.example/%c3%bcber/x"],
    "wiki.example/a b": ["https://wiki.example/a%20b"],
    "wiki.example/a+b(c)": ["https://wiki.example/a+b(c)"],
    "wiki.example/$x^{1}[2]|\\": ["https://wiki.example/$x^%7B1%7D[2]|\\"],
    "bank.example:443": ["https://bank.example/", "https://bank.example:443/"],
    "localhost:80/x": ["http://localhost/x"],
    "bank.example:*": ["https://bank.example/", "https://bank.example:8080/x"],
    "cafe\u0301.example": ["https://xn--caf-dma.example/"],
    "bank。example": ["https://bank.example/"],
    'wiki.example/"x"': ["https://wiki.example/%22x%22"],
    "wiki.example/a?b": ["https://wiki.example/a?b"],
    "my-bank.example": ["https://my-bank.example/"],
}

NOT_COVERED = {
    "bank.example": [
        "https://bank.example.evil.example/",
        "https://mybank.example/",
        "https://bank-example/",
        "https://bankxexample/",
        "https://evil.example/bank.example",
        "https://evil.example/?u=https://bank.example/",
        "https://evil.example/#https://bank.example/",
        "https://evil.example/www.bank.example",
        "https://evil.example/?u=https://www.bank.example/",
        "https://www.bank.example@evil.example/",
        "https://evil.example?@bank.example/",
        "https://evil.example#@bank.example/",
        "https://evil.example/@bank.example/",
        "https://bank.example@evil.example/",
        "https://bank.example:443@evil.example/",
        "https://name:bank.example@evil.example/",
        "https://bank.example..evil.example/",
        "https://bank/example",
        "ftp://bank.example/",
        "chrome://bank.example/",
        "about:blank",
        "",
    ],
    "www.bank.example": ["https://bank.example/"],
    "bank.example:8080": [
        "https://bank.example/",
        "https://bank.example:80/",
        "https://bank.example:80801/",
        "https://bank.example:8080@evil.example/",
        "https://evil.example/bank.example:8080",
    ],
    "news.example/account": [
        "https://news.example/",
        "https://news.example/accounts",
        "https://news.example/account-deletion",
        "https://news.example/x/account",
        "https://news.example/?p=/account",
        "https://news.example.evil.example/account",
        "https://news.example@evil.example/account",
    ],
    "news.example/a/": ["https://news.example/ab"],
    "shop.example/*/checkout": [
        "https://shop.example/checkout",
        "https://shop.example/de/checkouts",
        "https://evil.example/shop.example/de/checkout",
    ],
    "*.internal": ["https://internal.example/", "https://wikiinternal/", "https://internal/"],
    "bank*": [
        "https://evil.example/bank",
        "https://mybank.example/",
        "https://bank.example@evil.example/",
        "https://bank:secret@evil.example/",
        "https://bank.example:secret@evil.example/",
    ],
    "*.bank.example": ["https://x.bank.example@evil.example/"],
    "*:8080": ["https://anything.example/", "https://a:8080@evil.example/"],
    "bücher.example": ["https://bucher.example/", "https://xn--bcher-kva.evil/"],
    "127.0.0.1": ["http://127.0.0.10/", "http://127x0.0.1/"],
    "wiki.example/a+b(c)": ["https://wiki.example/aab(c)", "https://wiki.example/a+bc"],
    "wiki.example/a?b": ["https://wiki.example/b", "https://wiki.example/ab"],
}

TABLE = [
    (pattern, url, covered)
    for covered, rows in ((True, COVERED), (False, NOT_COVERED))
    for pattern, urls in rows.items()
    for url in urls
]

# Each row is [source, url]; the recorder tests the same way.
JAVASCRIPT = """
const rows = JSON.parse(require("fs").readFileSync(0));
const answers = rows.map(([source, url]) => new RegExp(source).test(url.toLowerCase()));
console.log(JSON.stringify(answers));
"""


def in_javascript(rows: list[tuple[str, str]]) -> list[bool]:
    """What `new RegExp(source).test(url)` says to each row."""
    done = subprocess.run(
        [Path(sys.executable).with_name("node"), "-e", JAVASCRIPT],
        input=json.dumps(rows),
        capture_output=True,
        text=True,
        check=True,
    )
    answers: list[bool] = json.loads(done.stdout)
    return answers


@pytest.mark.parametrize("pattern", COVERED)
def test_covered(pattern: str) -> None:
    exclusions = Exclusions([pattern])
    assert [url for url in COVERED[pattern] if url not in exclusions] == []


@pytest.mark.parametrize("pattern", NOT_COVERED)
def test_not_covered(pattern: str) -> None:
    exclusions = Exclusions([pattern])
    assert [url for url in NOT_COVERED[pattern] if url in exclusions] == []


def test_javascript_agrees() -> None:
    together = to_regexp(list(COVERED)[:3])
    table = [(to_regexp([pattern]), url, covered) for pattern, url, covered in TABLE]
    table += [(together, url, url in Exclusions(list(COVERED)[:3])) for _, url, _ in TABLE]
    answers = in_javascript([(source, url) for source, url, _ in table])
    assert [row for row, answer in zip(table, answers, strict=True) if row[2] != answer] == []


def test_several_patterns_cover_what_each_of_them_does() -> None:
    exclusions = Exclusions(["bank.example", "news.example/account"])
    assert "https://bank.example/" in exclusions
    assert "https://news.example/account" in exclusions
    assert "https://news.example/" not in exclusions


def test_no_pattern_covers_nothing() -> None:
    assert to_regexp([]) == ""
    assert "https://bank.example/" not in Exclusions([])


@pytest.mark.parametrize(
    "pattern",
    [
        "",
        "   ",
        "/",
        "/path",
        "https://",
        "https:///path",
        ".",
        "bank example",
        "bank.example:port",
        "bank.example:80:80",
        "name@bank.example",
        "bank.example?x",
        "bank.example#x",
        "bank.example\t.com",
        "bü*.example",  # Punycode leaves no place for a star
        ":8080",
    ],
)
def test_what_is_no_pattern_is_named(pattern: str) -> None:
    with pytest.raises(ValueError, match="is no pattern for pages") as caught:
        to_regexp(["bank.example", pattern])
    assert f"“{pattern}”" in str(caught.value)
