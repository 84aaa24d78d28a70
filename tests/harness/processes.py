"""What processes use, above all a browser's pages: CPU time and memory, from Linux's /proc."""

from __future__ import annotations

import os
import re
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from harness.browser import Browser

_PROC = Path("/proc")
_RESET_PEAK = "5"  # see proc_pid_clear_refs(5)


@dataclass(frozen=True, slots=True)
class Usage:
    """CPU time of all threads, user and system, and the most memory that was resident."""

    cpu_s: float
    peak_memory_mb: float


class Meter:
    """Measures a browser's page processes: the extension's, or all others.

    Where a process may not be told to forget its peak, as under Chromium's sandbox, the peak
    counts from the process's start.
    """

    def __init__(self, browser: Browser, *, extension: bool) -> None:
        self._browser = browser
        self._extension = extension
        self._cpu_before_s = 0.0

    @staticmethod
    def works_here() -> bool:
        """Whether this system has what is read."""
        return (_PROC / "self" / "stat").exists()

    def start(self) -> None:
        """Begin to count."""
        for process in self._processes():
            with suppress(OSError):
                (process / "clear_refs").write_text(_RESET_PEAK)
        self._cpu_before_s = self.cpu_s()

    def stop(self) -> Usage:
        """What was used since the start; memory is that of the largest process."""
        return Usage(
            cpu_s=self.cpu_s() - self._cpu_before_s,
            peak_memory_mb=max(map(_peak_memory_mb, self._processes())),
        )

    def cpu_s(self) -> float:
        """CPU seconds of the processes so far."""
        return sum(map(_cpu_s, self._processes()))

    def _processes(self) -> list[Path]:
        """Their folders below /proc at this moment; at least one."""
        found = []
        for process in _PROC.glob("[0-9]*"):
            with suppress(OSError):
                arguments = (process / "cmdline").read_bytes()
                if (
                    b"--type=renderer" in arguments
                    and (b"--extension-process" in arguments) == self._extension
                    and self._browser.owns(int(process.name))
                ):
                    found.append(process)
        assert found
        return found


def peak_memory_mb(pid: int) -> float:
    """The most memory that has been resident of a process."""
    return _peak_memory_mb(_PROC / str(pid))


def _cpu_s(process: Path) -> float:
    with suppress(OSError):
        fields = (process / "stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
    return 0.0


def _peak_memory_mb(process: Path) -> float:
    with suppress(OSError):
        found = re.search(r"^VmHWM:\s+(\d+) kB$", (process / "status").read_text(), re.MULTILINE)
        return int(found[1]) / 1024 if found else 0.0
    return 0.0
