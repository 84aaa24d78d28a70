"""As much of a CouchDB as PouchDB's replication asks for, in memory."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

from bench.answer import answer, read_body
from heyho_server.api.asgi import Receive, Scope, Send


class Couch:
    """One database, whatever its name, below /couch/.

    Attributes:
        written: how often each document was written, by its id.
    """

    def __init__(self) -> None:
        self.written: Counter[str] = Counter()
        self._revisions: dict[str, set[str]] = {}
        self._checkpoints: dict[str, Any] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        _, _, path = scope["path"].removeprefix("/couch/").partition("/")
        given = await read_body(receive)
        status, result = self.do(scope["method"], path, json.loads(given or b"null"))
        await answer(send, json.dumps(result).encode(), b"application/json", status)

    def do(self, method: str, path: str, given: Any) -> tuple[int, Any]:
        """The status and the body of the answer to a request within the database."""
        match method, path:
            case "GET", "":
                return 200, {"db_name": "visits", "uuid": "couch", "update_seq": 0}
            case "GET", local if local in self._checkpoints:
                return 200, self._checkpoints[local]
            case "PUT", local if local.startswith("_local/"):
                self._checkpoints[local] = {**given, "_rev": "0-1"}
                return 201, {"ok": True, "id": local, "rev": "0-1"}
            case "POST", "_revs_diff":
                return 200, self._missing(given)
            case "POST", "_bulk_docs":
                for document in given["docs"]:
                    self._write(document)
                return 201, []
        return 404, {"error": "not_found", "reason": "missing"}

    def _missing(self, offered: dict[str, list[str]]) -> dict[str, Any]:
        missing = {
            key: [revision for revision in revisions if revision not in self._known(key)]
            for key, revisions in offered.items()
        }
        return {key: {"missing": revisions} for key, revisions in missing.items() if revisions}

    def _write(self, document: dict[str, Any]) -> None:
        self.written[document["_id"]] += 1
        self._revisions.setdefault(document["_id"], set()).add(document["_rev"])

    def _known(self, key: str) -> set[str]:
        return self._revisions.get(key, set())
