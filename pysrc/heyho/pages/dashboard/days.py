"""Days as text, “2026-11-25”, and what calendars reckon with them. Pure.

MicroPython has no `datetime`: a day is counted from the first of January 1970, by the arithmetic of
the proleptic Gregorian calendar (Howard Hinnant, chrono-compatible low-level date algorithms).
"""

WEEK = 7
ERA_DAYS = 146_097  # 400 years


def to_number(day: str) -> int:
    """How many days after 1970-01-01 a day is."""
    year, month, date = int(day[:4]), int(day[5:7]), int(day[8:10])
    if month <= 2:
        year -= 1
    era, year_of_era = year // 400, year % 400
    day_of_year = (153 * (month - 3 if month > 2 else month + 9) + 2) // 5 + date - 1
    day_of_era = year_of_era * 365 + year_of_era // 4 - year_of_era // 100 + day_of_year
    return era * ERA_DAYS + day_of_era - 719_468


def from_number(number: int) -> str:
    """The day that is so many days after 1970-01-01."""
    number += 719_468
    era, of_era = number // ERA_DAYS, number % ERA_DAYS
    year = (of_era - of_era // 1460 + of_era // 36_524 - of_era // 146_096) // 365
    of_year = of_era - (365 * year + year // 4 - year // 100)
    month = (5 * of_year + 2) // 153
    date = of_year - (153 * month + 2) // 5 + 1
    month = month + 3 if month < 10 else month - 9
    return f"{era * 400 + year + (1 if month <= 2 else 0):04d}-{month:02d}-{date:02d}"


def before(day: str, count: int) -> str:
    """The day that was `count` days earlier."""
    return from_number(to_number(day) - count)


def weekday(day: str) -> int:
    """The day of the week: 0 for Monday, 6 for Sunday."""
    return (to_number(day) + 3) % WEEK


def between(first: str, last: str) -> "list[str]":
    """All days from the first to the last, both included."""
    return [from_number(number) for number in range(to_number(first), to_number(last) + 1)]
