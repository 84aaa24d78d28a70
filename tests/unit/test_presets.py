"""What the presets cover, and what they must leave alone; the recorder's word on each."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from time import perf_counter

import pytest

from heyho.exclusions import Exclusions, combine, to_regexp
from heyho.presets import NAMES, PRESETS
from unit.test_exclusions import in_javascript

COVERED = {
    "banks": """
        https://www.sparkasse-koelnbonn.de/de/home.html https://banking.postbank.de/
        https://www.deutsche-bank.de/ https://www.vr.de/ https://www.paypal.com/myaccount/summary
        https://secure.chase.com/web/auth https://www.bankofamerica.com/ https://meine.dkb.de/
        https://www.bbva.es/ https://netbanking.hdfcbank.com/ https://brokerage.comdirect.de/
        https://www.raiffeisen.at/ https://www.volksbank-stuttgart.de/ https://checkout.stripe.com/c
        https://www.local.bank/ https://app.n26.com/
    """,
    "health": """
        https://www.doctolib.de/ https://www.nhs.uk/conditions/ https://www.webmd.com/
        https://www.tk.de/ https://uniklinikum-dresden.de/ https://www.mayoclinic.org/diseases
        https://mychart.example.org/ https://www.ameli.fr/ https://www.telefonseelsorge.de/
    """,
    "intimate": """
        https://www.pornhub.com/view https://tinder.com/app https://www.joyclub.de/
        https://grindr.com/ https://www.parship.de/ https://any.thing.xxx/ https://www.meetic.fr/
        https://onlinedating.com/
    """,
    "official": """
        https://www.irs.gov/payments https://www.gov.uk/apply-uk-visa https://www.elster.de/eportal
        https://www.arbeitsagentur.de/ https://www.impots.gouv.fr/ https://www.belastingdienst.nl/
        https://sede.agenciatributaria.gob.es/ https://www.bmf.gv.at/ https://www.anwalt.de/
        https://serviceportal.hamburg.de/ https://www.ejpd.admin.ch/
    """,
    "accounts": """
        https://accounts.google.com/signin https://login.microsoftonline.com/common
        https://github.com/login https://github.com/settings/tokens https://shop.example/login
        https://shop.example/reset-password?token=1 https://forum.example/anmelden
        https://acme.okta.com/app https://vault.bitwarden.com/#/vault https://blog.example/wp-login.php
        https://auth.example.org/realms https://www.amazon.de/ap/signin
    """,
}
FREE = """
    https://example.com/ https://bank.example/ https://news.example/account https://www.python.org/
    https://id.wikipedia.org/wiki/Bank https://archive.org/details/hive https://github.com/torvalds
    https://www.nasa.gov/ https://pubmed.ncbi.nlm.nih.gov/1/ https://data.worldbank.org/
    https://en.wikipedia.org/wiki/Login https://docs.example/how-to/login https://thehive.io/
    https://www.xxxlutz.de/ https://updating.example/ https://milford.example/ http://localhost:8080/
    http://127.0.0.1/private/account http://192.168.0.1/ https://www.zeit.de/wirtschaft/geldanlage
    https://stackoverflow.com/questions/1/oauth https://www.nytimes.com/section/health
    https://validator.example/ https://hospitality.example/ https://www.google.com/search?q=bank
"""
TABLE = [(name, url, True) for name, urls in COVERED.items() for url in urls.split()]
TABLE += [(name, url, False) for name in NAMES for url in FREE.split()]


@pytest.mark.parametrize("name", NAMES)
def test_patterns_are_patterns_and_stand_there_once(name: str) -> None:
    assert to_regexp(PRESETS[name])
    assert len(set(PRESETS[name])) == len(PRESETS[name])


def test_all_have_a_place() -> None:
    assert sorted(NAMES) == sorted(PRESETS)


@pytest.mark.parametrize("name", NAMES)
def test_what_each_covers(name: str) -> None:
    exclusions = Exclusions([], [name])
    assert [url for url in COVERED[name].split() if url not in exclusions] == []
    assert [url for url in FREE.split() if url in exclusions] == []


def test_each_is_there_only_where_it_is_switched_on() -> None:
    for name in NAMES:
        others = Exclusions([], [other for other in NAMES if other != name])
        assert [url for url in COVERED[name].split() if url not in others] != []
    assert all(url not in Exclusions([], []) for _, url, _ in TABLE)


def test_pages_to_be_recorded_anyway_win_over_presets_only() -> None:
    exclusions = Exclusions(["dkb.de/secret"], NAMES, ["dkb.de", "github.com/login"])
    assert "https://www.dkb.de/" not in exclusions
    assert "https://github.com/login" not in exclusions
    assert "https://www.dkb.de/secret" in exclusions
    assert "https://www.chase.com/" in exclusions


def test_javascript_agrees() -> None:
    rows = [(combine([], [name], []), url, covered) for name, url, covered in TABLE]
    for excluded, recorded in (((), ("dkb.de",)), (("dkb.de/x", "a.example"), ("dkb.de", "tk.de"))):
        together = combine(excluded, NAMES, recorded)
        python = Exclusions(excluded, NAMES, recorded)
        urls = [url for _, url, _ in TABLE] + [
            "https://dkb.de/x",
            "https://a.example/",
            "https://tk.de/",
        ]
        rows += [(together, url, url in python) for url in urls]
        assert all((re.match(together, url.lower()) is not None) == (url in python) for url in urls)
    answers = in_javascript([(source, url) for source, url, _ in rows])
    assert [row for row, answer in zip(rows, answers, strict=True) if row[2] != answer] == []


COST = """
const [source, urls] = JSON.parse(require("fs").readFileSync(0));
const begun = performance.now();
const never = new RegExp(source);
never.test(urls[0]);
const first = performance.now() - begun;
const again = performance.now();
for (let n = 0; n < 100; n += 1) for (const url of urls) never.test(url);
console.log(JSON.stringify([first, (performance.now() - again) * 10 / urls.length]));
"""


def test_what_they_cost(report: Callable[[str], None]) -> None:
    source = combine([], NAMES, [])
    urls = FREE.split()
    done = subprocess.run(
        [Path(sys.executable).with_name("node"), "-e", COST],
        input=json.dumps([source, urls]),
        capture_output=True,
        text=True,
        check=True,
    )
    first_ms, again_us = json.loads(done.stdout)
    exclusions = Exclusions([], NAMES)
    begun = perf_counter()
    assert not any(url in exclusions for url in urls)
    python_us = (perf_counter() - begun) / len(urls) * 1e6
    report(
        f"all presets: {sum(map(len, PRESETS.values()))} patterns, {len(source):,} characters; the "
        f"recorder's first look {first_ms:.1f} ms, each further one {again_us:.0f} µs; the fold's "
        f"{python_us:.0f} µs"
    )
