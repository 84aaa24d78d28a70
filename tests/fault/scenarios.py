"""What servers and connections do, and what comes of it."""

from __future__ import annotations

from fault.parts import (
    HOTEL,
    Between,
    Breaks,
    Drips,
    Every,
    First,
    Having,
    Latency,
    Miscounts,
    Misnames,
    Quota,
    Restored,
    Says,
    Silent,
    Sometimes,
    Takes,
    Truncates,
    Uplink,
    Writes,
)
from fault.scenario import SEVERAL, Expect, Scenario
from heyho.errors import (
    NotSignedIn,
    RateLimited,
    Refused,
    TimedOut,
    TooLarge,
    Unintelligible,
    Unreachable,
)
from heyho.testing.network import Doom
from unit.sync.enforcers import (
    ApproximateWindow,
    FixedWindow,
    SlidingLog,
    TokenBucket,
    draft_3_headers,
    draft_7_headers,
    silent_headers,
    tightest_headers,
    x_headers,
)

HOUR_S = 3600.0
FIVE_A_SECOND = {"name": "sync", "quota": 5, "windowSeconds": 1}

QUOTAS = [
    Scenario(
        "a sliding quota of five a second",
        (Latency(0.3), Quota((SlidingLog("sync", 5, 1),))),
        Expect(took_s=(19, 21), used=0.95),
        batch=1,
        strategies=SEVERAL,
    ),
    Scenario(
        "a window of five each second, on a line that is not even",
        (Latency(0.3, jitter=0.25), Quota((FixedWindow("sync", 5, 1, phase_s=0.37),))),
        Expect(took_s=(18, 22), used=0.93),
        batch=1,
        strategies=SEVERAL,
    ),
    Scenario(
        "a bucket that refills with twenty a second",
        (Latency(0.1), Quota((TokenBucket("sync", 20, 1),))),
        Expect(took_s=(9, 10.5), used=0.95),
        visits=200,
        batch=1,
        settings={"concurrency": 10},
        strategies=SEVERAL,
    ),
    Scenario(
        "a quota that one lane alone could exceed",
        (Latency(0.05), Quota((SlidingLog("sync", 5, 1),))),
        Expect(took_s=(19, 21), used=0.95),
        batch=1,
    ),
    Scenario(
        "a quota told beforehand",
        (Latency(0.3), Quota((SlidingLog("sync", 5, 1),))),
        Expect(took_s=(19, 21), used=0.95),
        batch=1,
        settings={"concurrency": 10},
        limits={"rate_limits": [FIVE_A_SECOND]},
        strategies=SEVERAL,
    ),
    Scenario(
        "a quota of five a second, and ten lanes that do not know it yet",
        (Latency(0.3), Quota((SlidingLog("sync", 5, 1),))),
        Expect(took_s=(19, 23), rate_limited=(1, 5), retries=(1, 5)),
        batch=1,
        settings={"concurrency": 10},
        strategies=("concurrent", "parallel"),
    ),
    Scenario(
        "two quotas at once, of which only the tighter is told",
        (
            Latency(0.1),
            Quota((SlidingLog("short", 10, 1), SlidingLog("long", 60, 20)), tightest_headers),
        ),
        Expect(took_s=(60, 85), used=0.95),
        visits=260,
        batch=1,
        strategies=SEVERAL,
    ),
    Scenario(
        "thirty in five minutes: the rest waits for other runs",
        (Latency(0.3), Quota((SlidingLog("sync", 30, 300),))),
        Expect("partial", RateLimited, took_s=(0, 12), left=70, runs=4),
        batch=1,
    ),
    Scenario(
        "a quota in the words of draft 7",
        (Latency(0.3), Quota((SlidingLog("sync", 5, 1),), draft_7_headers)),
        Expect(took_s=(19, 21), used=0.95),
        batch=1,
        strategies=SEVERAL,
    ),
    Scenario(
        "a quota in the words of draft 3",
        (Latency(0.3), Quota((SlidingLog("sync", 5, 1),), draft_3_headers)),
        Expect(took_s=(19, 21), used=0.95),
        batch=1,
        strategies=SEVERAL,
    ),
    Scenario(
        "a quota without a window, in X-RateLimit fields",
        (Latency(0.3), Quota((FixedWindow("sync", 50, 30),), x_headers)),
        Expect(took_s=(119, 140), used=0.95),
        visits=250,
        batch=1,
    ),
    Scenario(
        "a quota that weighs the window before",
        (Latency(0.1), Quota((ApproximateWindow("sync", 10, 1),))),
        Expect(took_s=(9, 13), rate_limited=(1, 8), retries=(1, 8)),
        batch=1,
        strategies=SEVERAL,
    ),
    Scenario(
        "a quota that only Retry-After tells of",
        (Latency(0.1), Quota((FixedWindow("sync", 10, 5),), silent_headers)),
        Expect(took_s=(45, 90), rate_limited=(9, 50), retries=(9, 50)),
        batch=1,
    ),
    Scenario(
        "a quota that nothing tells of",
        (Latency(0.1), Quota((FixedWindow("sync", 10, 5),), silent_headers, retry_after=False)),
        Expect(took_s=(45, 200), rate_limited=(9, 80), retries=(9, 80)),
        batch=1,
    ),
]

STORMS = [
    Scenario(
        "a storm of 429 with Retry-After",
        (Latency(0.3), First(4, Says(429, headers={"retry_after": "2"}))),
        Expect(rate_limited=4, retries=4),
    ),
    Scenario(
        "a storm of 429 without a word",
        (Latency(0.3), First(4, Says(429))),
        Expect(rate_limited=4, retries=4),
    ),
    Scenario(
        "429, come back in half an hour",
        (Latency(0.3), Between(1, 1500, Says(429, headers={"retry_after": "1800"}))),
        Expect("partial", RateLimited, took_s=(1, 2), left=(30, 130), runs=2, rate_limited=(1, 5)),
        visits=150,
    ),
    Scenario(
        "503 with Retry-After while it starts",
        (Latency(0.3), Between(0, 4, Says(503, headers={"retry_after": "5"}))),
        Expect(took_s=(5, 20), retries=(1, 10)),
    ),
]

OUTAGES = [
    Scenario(
        "down for some seconds",
        (Latency(0.3), Between(0.5, 3, Breaks())),
        Expect(took_s=(3, 20), retries=(1, 20)),
    ),
    Scenario(
        "down for ten minutes",
        (Latency(0.3), Between(0.5, 600, Breaks())),
        Expect("partial", Unreachable, took_s=(0, 100), left=(10, 90), runs=6, retries=(20, 100)),
    ),
    Scenario(
        "down from the start",
        (Latency(0.3), Between(0, 20, Breaks())),
        Expect("failed", Unreachable, took_s=(0, 1), left=100, runs=2),
    ),
    Scenario(
        "every third connection breaks before the batch is stored",
        (Latency(0.3), Every(3, Breaks())),
        Expect(retries=(4, 5)),
    ),
    Scenario(
        "every third connection breaks after the batch is stored",
        (Latency(0.3), Every(3, Breaks(stored=True))),
        Expect(retries=(4, 5), resent=(40, 50)),
    ),
    Scenario(
        "it is restarted, and answers are lost",
        (
            Latency(0.3),
            Between(0.4, 0.6, Breaks(stored=True)),
            Between(0.6, 2, Breaks()),
        ),
        Expect(retries=(1, 20), resent=(10, 50)),
    ),
    Scenario(
        "three answers never come",
        (Latency(0.3), First(3, Silent(stored=True))),
        Expect(took_s=(30, 100), retries=3, resent=30),
        strategies=SEVERAL,
    ),
    Scenario(
        "all that is under way gets lost at once, in a long backlog",
        (Latency(0.3), Between(3, 3.2, Silent())),
        Expect(took_s=(45, 80)),
        visits=5000,
        strategies=SEVERAL,
    ),
    Scenario(
        "one answer in a hundred never comes",
        (Latency(0.3), Every(100, Silent())),
        Expect(took_s=(45, 100), retries=5),
        visits=5000,
        strategies=SEVERAL,
    ),
    *(
        Scenario(
            f"it is silent, with {lanes} lanes at most",
            (Between(0, 300, Silent()),),
            Expect("failed", TimedOut, took_s=(60, 75), left=5000, runs=(2, 6)),
            visits=5000,
            settings={"concurrency": lanes},
            strategies=("concurrent",),
        )
        for lanes in (1, 2, 5)
    ),
    Scenario(
        "it falls silent during a run",
        (Latency(0.3), Between(1, 300, Silent())),
        Expect("partial", TimedOut, took_s=(60, 75), left=(100, 490), runs=(2, 6)),
        visits=500,
    ),
    Scenario(
        "a line on which no batch arrives in time unless it has it for itself",
        (Latency(0.3), Uplink(4000)),
        Expect(took_s=(120, 300), retries=(0, 5)),
        visits=1500,
        batch=100,
        strategies=("concurrent", "parallel"),
    ),
    Scenario(
        "a line on which no batch arrives in time, not even alone",
        (Latency(0.3), Uplink(8000)),
        Expect(retries=(0, 5)),
        visits=3000,
        batch=1000,
    ),
    Scenario(
        "a line on which an eighth of a batch arrives in time",
        (Latency(0.3), Uplink(2000)),
        Expect(retries=(0, 9)),
        visits=2000,
        batch=1000,
        strategies=("sequential", "concurrent"),
    ),
    Scenario(
        "three answers come byte by byte, until after the time-out",
        (Latency(0.3), First(3, Drips(bytes_per_s=2))),
        Expect(took_s=(30, 100), retries=3, resent=30),
        strategies=SEVERAL,
    ),
    Scenario(
        "for ten minutes every answer comes byte by byte",
        (Latency(0.3), Between(0, 600, Drips(bytes_per_s=2))),
        Expect(
            "failed",
            TimedOut,
            took_s=(60, 75),
            left=100,
            runs=(3, 5),
            retries=(0, 20),
            resent=(40, 600),
        ),
    ),
    Scenario(
        "answers that come byte by byte, but in time",
        (Latency(0.3), Drips(bytes_per_s=20)),
        Expect(),
    ),
    Scenario(
        "it gets slower with every lane",
        (Latency(0.3, load_s=2),),
        Expect(),
    ),
    Scenario(
        "it gets so slow with every lane that some answers come too late",
        (Latency(1, load_s=9),),
        Expect(retries=(1, 20), resent=(1, 200)),
        settings={"concurrency": 5},
        strategies=("concurrent", "parallel"),
    ),
    Scenario(
        "a proxy without its server",
        (Latency(0.3), Between(0.5, 3, Writes(502, "<html>Bad Gateway</html>"))),
        Expect(took_s=(3, 20), retries=(1, 20)),
    ),
    Scenario(
        "a train through a tunnel",
        (Latency(0.3),),
        Expect(took_s=(10, 13), retries=(1, 5)),
        offline=(0.5, 10),
    ),
    Scenario(
        "a long tunnel",
        (Latency(0.3),),
        Expect("partial", Unreachable, took_s=(30, 100), left=(10, 90), runs=(2, 4), retries=0),
        offline=(0.5, 100),
    ),
]

ANSWERS = [
    Scenario(
        "a hotel's page instead of every answer",
        (Latency(0.3), Between(0.5, 200, Writes(200, HOTEL))),
        Expect("partial", Unintelligible, left=(50, 90), runs=(2, 5)),
    ),
    Scenario(
        "half of the answer is missing, now and then",
        (Latency(0.3), Every(4, Truncates())),
        Expect("partial", Unintelligible, left=(10, 70), runs=(2, 6), resent=(20, 40)),
    ),
    Scenario(
        "it counts one too few",
        (Latency(0.3), First(3, Miscounts(-1))),
        Expect("partial", Unintelligible, left=30, runs=2, resent=30),
        strategies=SEVERAL,
    ),
    Scenario(
        "it counts one too many",
        (Latency(0.3), First(1, Miscounts(1))),
        Expect("failed", Unintelligible, left=100, runs=2, resent=10),
        strategies=("sequential",),
    ),
    Scenario(
        "it rejects a visit that it was not sent",
        (Latency(0.3), First(2, Misnames())),
        Expect("partial", Unintelligible, left=20, runs=2, resent=20),
        strategies=SEVERAL,
    ),
    Scenario(
        "anything may come",
        (
            Latency(0.3, jitter=0.5),
            Sometimes(
                0.4,
                (
                    *(Writes(200, HOTEL), Writes(200, ""), Writes(500, "{"), Says(500), Says(404)),
                    *(Truncates(), Miscounts(1), Misnames(), Breaks(), Breaks(stored=True)),
                    *(Silent(), Silent(stored=True), Says(429), Says(413), Drips(2)),
                ),
            ),
        ),
        Expect("partial", Exception, left=(1, 99), runs=(2, 9), retries=(1, 99), resent=(1, 200)),
    ),
]

SIZES = [
    Scenario(
        "three visits at once and no more, whatever it says",
        (Latency(0.3), Takes(visits=3)),
        Expect(),
    ),
    Scenario(
        "fifteen hundred bytes at once and no more",
        (Latency(0.3), Takes(json_bytes=1500)),
        Expect(),
    ),
    Scenario(
        "a proxy takes fifteen hundred bytes and no more",
        (Latency(0.3), Takes(json_bytes=1500, bare=True)),
        Expect(),
    ),
    Scenario(
        "a proxy does not take one of the visits, for an hour",
        (Latency(0.3), Between(0, HOUR_S, Having(2, Takes(visits=0, bare=True)))),
        Expect("partial", TooLarge, left=1, runs=(2, 12)),
    ),
    Scenario(
        "it chokes on three visits, and rejects two",
        (Latency(0.3),),
        Expect(rejected={7, 12, 50, 51, 100}),
        limits={"chokes_on": {7, 50, 51}, "rejects": {12, 100}},
    ),
    Scenario(
        "it refuses whatever it is sent, and says no word about any visit",
        (Latency(0.3), Between(0, 200, Says(422, "Unprocessable"))),
        Expect("failed", Refused, left=2000, runs=(2, 8)),
        visits=2000,
        batch=100,
    ),
    Scenario(
        "the first twelve visits are refused without a word, and shut no other's way",
        (Latency(0.3),),
        Expect("partial", Refused, left=91, runs=2, rejected=set(range(1, 13))),
        visits=200,
        batch=100,
        settings={"concurrency": 1},
        limits={"chokes_on": range(1, 13)},
        strategies=("sequential", "concurrent"),
    ),
    Scenario(
        "the only visit that waits is refused without a word, until there is another one",
        (Latency(0.3),),
        Expect("failed", Refused, left=1, runs=2, rejected={1}),
        visits=1,
        arriving={20: 1},
        limits={"chokes_on": {1}},
    ),
    Scenario(
        "it rejects all",
        (Latency(0.3),),
        Expect(rejected=set(range(1, 31))),
        visits=30,
        limits={"rejects": range(1, 31)},
    ),
    Scenario(
        "poison in batches that are too large, over a connection that breaks",
        (Latency(0.3), Every(5, Breaks(stored=True)), Takes(visits=4)),
        Expect(rejected={7, 8, 60}, retries=(5, 20), resent=(1, 60)),
        limits={"chokes_on": {7, 60}, "rejects": {8}},
    ),
]

OTHERS = [
    Scenario(
        "the token is revoked, and valid again later",
        (Latency(0.3), Between(0.5, 200, Says(401))),
        Expect("partial", NotSignedIn, took_s=(0.5, 1), left=(50, 90), runs=(2, 4)),
    ),
    Scenario(
        "restored from a backup under the same token: it is not noticed",
        (Latency(0.3), Restored(at_s=20, as_of_s=0.5)),
        Expect(runs=2, missing=50),
        arriving={30: 5},
        least_runs=2,
        strategies=("concurrent",),
    ),
    Scenario(
        "restored from a backup under another token: all is offered again",
        (Latency(0.3), Restored(at_s=20, as_of_s=0.5)),
        Expect(runs=2, resent=(10, 50)),
        later={"token": "another"},
        least_runs=2,
    ),
    Scenario(
        "visits are recorded during a run",
        (Latency(1),),
        Expect(left=7, runs=2),
        visits=60,
        arriving={0.5: 3, 1.7: 4},
    ),
]

WORKERS = [
    Scenario(
        "one dies as it boots, one hangs as it boots",
        (Latency(0.3),),
        Expect(took_s=(30, 32)),
        dooms=(Doom("dies"), Doom("hangs")),
        strategies=("parallel",),
    ),
    Scenario(
        "one dies before it sends, one dies with the answer",
        (Latency(0.3),),
        Expect(took_s=(0.9, 3), resent=(10, 50)),
        dooms=(Doom("dies", at_call=4), Doom("dies", at_call=3, carried_out=True)),
        strategies=("parallel",),
    ),
    Scenario(
        "both hang, one of them with the answer",
        (Latency(0.3),),
        Expect(took_s=(5, 8), resent=(10, 50)),
        dooms=(Doom("hangs", at_call=4), Doom("hangs", at_call=3, carried_out=True)),
        strategies=("parallel",),
    ),
    Scenario(
        "all die, and the engine goes on alone",
        (Latency(0.3),),
        Expect(resent=(10, 150)),
        dooms=(Doom("dies", at_call=4, carried_out=True),) * 6,
        strategies=("parallel",),
    ),
    Scenario(
        "workers die while the server is down",
        (Latency(0.3), Between(0.5, 3, Breaks())),
        Expect(took_s=(3, 20), retries=(1, 30)),
        dooms=(Doom("dies", at_call=7), Doom("hangs", at_call=9)),
        strategies=("parallel",),
    ),
]

SCENARIOS = [*QUOTAS, *STORMS, *OUTAGES, *ANSWERS, *SIZES, *OTHERS, *WORKERS]
