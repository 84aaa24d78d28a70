"""What the page of a person's data says of imports, exports, deletions and room. Pure."""

from heyho import texts

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from heyho.pages.shapes import Json

    Day = Callable[[float], str]

MINUTE_MS = 60_000
UNDO_MINUTES = 10
GIGABYTES = 2


def days(first: "float | None", last: "float | None", day: "Day") -> str:
    """A time range in days; empty where there is none."""
    if first is None or last is None:
        return ""
    begin, end = day(first), day(last)
    return begin if begin == end else texts.text("data_days", begin, end)


def waits(job: "Json") -> bool:
    """Whether a file is looked at, or waits with what it has for the person to decide."""
    found = job["state"] == "done" and job["visits"] > 0
    return bool(job["preview"]) and (found or job["state"] == "running")


def preview(job: "Json", day: "Day") -> str:
    """What a file is and has, before anything of it is written."""
    span = days(job["firstAt"], job["lastAt"], day)
    return texts.plural("data_preview", job["visits"], kind_of(job["format"]), span)


def kind_of(form: str) -> str:
    """A file's format in words."""
    if form == "takeout":
        return texts.text("data_format_takeout")
    if form == "csv":
        return texts.text("data_format_csv")
    return texts.text("data_format_json")


def aside(job: "Json") -> "list[str]":
    """What is not imported, and why, in sentences."""
    said = []
    if job["known"]:
        said.append(texts.plural("data_known", job["known"]))
    if job["doubled"]:
        said.append(texts.plural("data_doubled", job["doubled"]))
    if job["excluded"]:
        said.append(texts.plural("data_left_excluded", job["excluded"]))
    if job["others"]:
        said.append(texts.plural("data_left_others", job["others"]))
    if job["bad"]:
        said.append(texts.plural("data_bad", job["bad"]))
    return said


def problems(job: "Json") -> "list[str]":
    """The first entries that cannot be read."""
    return [
        texts.text("data_problem", texts.number(each["number"]), each["reason"])
        if each["number"]
        else each["reason"]
        for each in job["problems"]
    ]


def percent(job: "Json") -> int:
    """How much of an import is done."""
    return min(100, 100 * job["read"] // job["size"]) if job["size"] else 0


def under_way(job: "Json") -> str:
    """What an import is doing."""
    if job["preview"]:
        return texts.text("data_looking")
    is_history = job["source"] == "history"
    return texts.text("data_importing_history" if is_history else "data_importing")


def reached(job: "Json", day: "Day") -> str:
    """How far an import is: beside what is under way, since that is spoken whenever it changes."""
    if job["preview"]:
        return texts.plural("data_so_far", job["visits"])
    last_at = job["lastAt"]
    if job["source"] == "history" and last_at is not None:
        return texts.plural("data_new_up_to", job["added"], day(last_at))
    return texts.plural("data_new_so_far", job["added"])


def outcome(job: "Json", day: "Day") -> str:
    """How an import ended."""
    if job["state"] == "failed":
        return str(job["error"])
    if job["state"] == "stopped":
        return texts.plural("data_import_stopped", job["added"])
    if not job["added"]:
        return texts.text("data_import_nothing")
    return texts.plural("data_import_done", job["added"])


def warning(found: "Json", day: "Day") -> str:
    """What a deletion will delete, and that it ends the undo of the one before."""
    span = days(found["firstAt"], found["lastAt"], day)
    said = texts.plural("data_deletes", found["visits"], span)
    return f"{said} {texts.text('deletion_ends_undo')}" if found["endsUndo"] else said


def gone(deletion: "Json", now: float) -> str:
    """That something was deleted, and how long that can be undone."""
    left = int((deletion["deadline"] - now + MINUTE_MS - 1) // MINUTE_MS)
    left = max(1, min(left, UNDO_MINUTES))  # more is a clock that was set back
    return " ".join(
        (
            texts.plural("data_deleted", deletion["visits"]),
            texts.plural("data_undo_left", left),
            server_part(deletion),
        )
    ).strip()


def lost(job: "Json") -> str:
    """That an import was cut short, and how to go on with it."""
    is_history = job["source"] == "history"
    return texts.text("data_import_lost_history" if is_history else "data_import_lost")


def moved(deletion: "Json") -> str:
    """How far a deletion is."""
    done = deletion["visits"]
    return texts.plural("data_moved", deletion["total"] or done, texts.number(done))


def moved_percent(deletion: "Json") -> int:
    """How much of a deletion is done."""
    total = deletion["total"]
    return min(100, 100 * deletion["visits"] // total) if total else 0


def server_part(deletion: "Json") -> str:
    """What becomes of the visits on the server."""
    if not deletion["alsoServer"]:
        return ""
    if deletion["query"].get("patterns"):
        return texts.text("data_server_no_patterns")
    return texts.text("data_server_later")


def orders(count: int, problem: "str | None") -> str:
    """What the server has still to delete; empty where there is nothing."""
    if not count:
        return ""
    return f"{texts.plural('data_orders', count)} {problem or ''}".strip()


def size(count: float) -> str:
    """Bytes in the unit that fits."""
    value, unit = count / 1000, 0
    while value >= 999.5 and unit < GIGABYTES:
        value, unit = value / 1000, unit + 1
    if value < 10 and unit:
        shown = str(round(value, 1)).replace(".", texts.text("data_decimal"))
    else:
        shown = texts.number(round(value))
    if unit == 0:
        return texts.text("data_bytes_kb", shown)
    return texts.text("data_bytes_mb", shown) if unit == 1 else texts.text("data_bytes_gb", shown)


def room(storage: "Json") -> str:
    """How much room is taken, and how much is left; empty where the browser does not tell."""
    usage, quota = storage["usage"], storage["quota"]
    if usage is None or not quota:
        return ""
    return texts.text("data_room", size(usage), size(max(0, quota - usage)))


def rows(storage: "Json") -> "list[tuple[str, str]]":
    """How much there is of everything, in words."""
    return [
        (texts.text("data_kept"), texts.plural("data_visits", storage["visits"])),
        (texts.text("data_index"), texts.plural("data_rows", storage["words"] + storage["days"])),
        (texts.text("data_unfolded"), texts.plural("data_events", storage["events"])),
        (texts.text("data_quarantine"), texts.plural("data_visits", storage["rejected"])),
        (texts.text("data_trash"), texts.plural("data_visits", storage["trash"])),
    ]


def file_name(form: str, now: str) -> str:
    """A name for an export, `now` being a day as ISO 8601."""
    end = {"jsonl": "jsonl", "csv": "csv", "sqlite": "sqlite3"}[form]
    return f"heyho-{now}.{end}"
