"""One past sync, and one refused visit, in words. Pure."""

from heyho import texts
from heyho.pages import words

TYPE_CHECKING = False
if TYPE_CHECKING:
    from heyho.pages.shapes import Account, Json

# What a run's record says of why it was sent so, and the key of it in every language.
WHYS = {
    "one batch waits": "one_batch",
    "the connection is metered": "metered",
    "the connection is slow": "slow",
    "the backlog is short": "short",
    "preparing takes longest": "preparing",
    "as many lanes as the server bore last time": "bore",
    "a server that tells no limits": "no_limits",
    "as many lanes as the server's limits leave room for": "limits",
    "a server with room for all lanes": "room",
}
BYTES_IN = 1000


def describe(run: "Json") -> "Account":
    """Put everything that is shown of a run into words; `run` is its record."""
    took_ms = took(run)
    figures = [
        (texts.text("syncs_figure_visits"), words.number(run["visits"])),
        (texts.text("syncs_figure_batches"), words.number(run["batches"])),
        (texts.text("syncs_figure_size"), size(run["bytes"])),
        (texts.text("syncs_figure_time"), words.duration(took_ms)),
    ]
    if run["visits"] and took_ms:
        speed = words.number(round(run["visits"] * 1000 / took_ms))
        figures.append((texts.text("syncs_figure_speed"), texts.text("syncs_a_second", speed)))
    figures += [
        (texts.text(f"syncs_figure_{name}"), words.number(run[name]))
        for name in ("retries", "rateLimited", "rejected")
        if run[name]
    ]
    outcome = "stopped" if words.was_stopped(run) else run["outcome"]  # type: ignore[arg-type]
    return {
        "outcome": texts.text(f"syncs_outcome_{outcome}"),
        "tone": "trouble" if outcome in ("partial", "failed") else "calm",
        "how": " ".join([texts.text(f"syncs_trigger_{run['trigger']}"), strategy(run)]),
        "error": run["error"] or "",
        "deleted": words.not_stored(run),  # type: ignore[arg-type]
        "figures": figures,
    }


def is_new(last: "Json", newest: "Json | None") -> bool:
    """Whether there is a record of the last run that is none of those listed. `newest`: that of
    the first one. A run that nobody asked for, and that found nothing to do, leaves no record."""
    if last["outcome"] == "nothing" and last["trigger"] != "manual":
        return False
    return newest is None or bool(last["startedAt"] != newest["startedAt"])


def took(run: "Json") -> float:
    """How many milliseconds a run took."""
    return max(0.0, float(run["endedAt"] or run["startedAt"]) - float(run["startedAt"]))


def strategy(run: "Json") -> str:
    """How a run was sent, and who or what decided that."""
    if run["strategy"] != "auto":
        return texts.text(f"syncs_set_{run['strategy']}")
    chosen, _, why = run["why"].partition(": ")
    parts = chosen.split(", ")
    if why not in WHYS or len(parts) < 2:
        return texts.text("syncs_set_auto")
    lanes = texts.plural("timeline_lanes", int(parts[1].split(" ")[0]))
    because = texts.text(f"syncs_why_{WHYS[why]}")
    return texts.text(f"syncs_chosen_{parts[0]}", lanes, because)


def size(count: int) -> str:
    """So many bytes, in the unit that fits."""
    if count < BYTES_IN:
        return texts.text("syncs_bytes", words.number(count))
    if count < BYTES_IN * BYTES_IN:
        return texts.text("syncs_kilobytes", words.decimal(count / BYTES_IN, 0))
    return texts.text("syncs_megabytes", words.decimal(count / BYTES_IN / BYTES_IN, 1))


def link(url: str) -> str:
    """The address if a page may link to it; empty if not."""
    return url if url.lower().startswith(("http://", "https://")) else ""
