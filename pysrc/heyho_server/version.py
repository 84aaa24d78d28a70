"""The version, which is the extension's: the manifest says it, and nothing else does."""

from __future__ import annotations

import json
from pathlib import Path

_MANIFEST = Path(__file__).parents[2] / "manifest.json"

VERSION: str = json.loads(_MANIFEST.read_text(encoding="utf-8"))["version"]
