"""Metrics for Prometheus. No label ever holds an id, an address or a token."""

from __future__ import annotations

import os

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector

from heyho_server.version import VERSION

# Where several processes leave their counts for whichever of them is asked. The library reads it
# when it is imported, so it has to be there when a process starts.
DIRECTORY = "PROMETHEUS_MULTIPROC_DIR"
BUCKETS_S = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)
_METHODS = {"DELETE", "GET", "HEAD", "PATCH", "POST", "PUT"}


class Metrics:
    """What the server counts, in a registry of its own."""

    def __init__(self) -> None:
        registry = CollectorRegistry()
        self._registry = registry
        self._requests = Counter(
            "heyho_requests",
            "Requests answered.",
            ["method", "route", "status"],
            registry=registry,
        )
        self._seconds = Histogram(
            "heyho_request_seconds",
            "From a request's head to the end of its answer.",
            ["method", "route"],
            buckets=BUCKETS_S,
            registry=registry,
        )
        self._received = Counter(
            "heyho_received_bytes", "Bytes of bodies, as sent.", registry=registry
        )
        self._limited = Counter(
            "heyho_rate_limited", "Requests too many, by rate.", ["rate"], registry=registry
        )
        self.in_flight = Gauge(
            "heyho_requests_in_flight",
            "Requests that are being answered.",
            registry=registry,
            multiprocess_mode="livesum",
        )
        self.visits = Counter(
            "heyho_visits_stored", "Visits taken, new or known already.", registry=registry
        )
        self.rejected = Counter(
            "heyho_records_rejected", "Records refused one by one.", registry=registry
        )
        self.trials = Counter("heyho_trials", "Syncs that were trials.", registry=registry)
        self.trial_visits = Counter(
            "heyho_trial_visits", "Visits of trials, which are not kept.", registry=registry
        )
        self.database_errors = Counter(
            "heyho_database_errors", "Statements that failed.", registry=registry
        )
        self.counting_alone = Gauge(
            "heyho_rate_limits_alone",
            "1 where Redis is out of reach and each process counts by itself.",
            registry=registry,
            multiprocess_mode="livemax",
        )
        Gauge(
            "heyho_build_info",
            "1, with the version.",
            ["version"],
            registry=registry,
            multiprocess_mode="max",
        ).labels(VERSION).set(1)

    def answered(
        self,
        *,
        method: str,
        route: str,
        status: int,
        seconds: float,
        received: int,
        limited_by: str | None,
    ) -> None:
        """Count one request; `route` is a template, `limited_by` the rate that refused it."""
        self._requests.labels(method, route, str(status)).inc()
        self._seconds.labels(method, route).observe(seconds)
        self._received.inc(received)
        if limited_by is not None:
            self._limited.labels(limited_by).inc()

    def render(self) -> str:
        """All of it as Prometheus reads it: of all processes, where there are several."""
        registry = self._registry
        if os.environ.get(DIRECTORY):
            registry = CollectorRegistry()
            MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
        return generate_latest(registry).decode()


def plain_method(method: str) -> str:
    """The method if it is a usual one: anybody can make up others."""
    return method if method in _METHODS else "other"
