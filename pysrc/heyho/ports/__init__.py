"""The ports: what the pure side asks of the world.

Each has one adapter in `heyho.browser`, one in-memory twin in `heyho.testing`, and one contract
suite in `tests/contract` that both pass. The stores raise `StorageError`, the transport raises
`SyncError`; a method that raises has changed nothing.
"""

from __future__ import annotations

from typing import Any

Record = dict[str, Any]
"""What JSON can say of one thing: a visit as it is stored and sent, an event, a state value."""
