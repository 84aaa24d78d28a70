"""What the figures were measured on."""

from __future__ import annotations

import os
import platform
import re
import subprocess
from contextlib import suppress
from pathlib import Path
from typing import Any

from harness.browser import chromium_path


def machine() -> dict[str, Any]:
    """The machine in the bench's JSON; asked before the bench, for its load is of others."""
    shown = subprocess.run(
        [chromium_path(), "--version"], check=False, capture_output=True, text=True
    )
    return {
        "cpu": cpu(),
        "cores": os.cpu_count(),
        "system": f"{platform.system()} {platform.release()}",
        "python": platform.python_version(),
        "chromium": shown.stdout.strip(),
        "loadBefore": os.getloadavg()[0] if hasattr(os, "getloadavg") else None,
    }


def cpu() -> str:
    """The processor's name, where the system tells it."""
    with suppress(OSError):
        found = re.search(r"^model name\s*: (.*)$", Path("/proc/cpuinfo").read_text(), re.MULTILINE)
        if found:
            return found[1]
    return platform.processor() or platform.machine()
