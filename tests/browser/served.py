"""A WSGI app behind a real server, in a thread of this process."""

from __future__ import annotations

import threading
from typing import Any

from waitress import wasyncore
from waitress.server import create_server


class Served:
    """An app on a port of its own, until it is closed.

    The thread that waits for requests closes its sockets itself: closed from elsewhere it would wait for
    numbers of files that are gone, or are somebody else's by then.
    """

    def __init__(self, app: Any) -> None:
        self._sockets: dict[int, Any] = {}
        self._server = create_server(app, map=self._sockets, host="127.0.0.1", port=0, threads=8)
        self.host = f"127.0.0.1:{self._server.effective_port}"
        self._thread = threading.Thread(target=self._server.run, daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Answer what was asked already, then let go of all connections."""
        self._server.task_dispatcher.shutdown()
        self._server.trigger.pull_trigger(lambda: wasyncore.close_all(self._sockets))
        self._thread.join()
