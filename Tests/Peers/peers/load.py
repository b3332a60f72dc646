"""A constant load through the client's sidecar, over new connections and kept ones."""

import asyncio
import collections
import threading
import time

from .process import LOOPBACK
from .sidecar import Seen

_TIMEOUT = 5


class Load:
    """Requests go out at a fixed rate, whatever became of those before; each failure is kept with its time."""

    def __init__(self, port, *, per_second=25, kept_connections=4):
        self._port = port
        self._interval = 1 / per_second
        self._kept = kept_connections
        self._stop = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._run()))
        self._began = time.monotonic()
        self.answers = collections.Counter()
        self.failures = []
        # In the order in which they were seen first.
        self.client_serials, self.client_issuers, self.server_certificates = {}, {}, {}

    def start(self):
        self._thread.start()
        return self

    def stop(self):
        self._stop.set()
        self._thread.join()

    async def _run(self):
        idle = asyncio.LifoQueue()
        for _ in range(self._kept):
            idle.put_nowait(None)
        running = set()
        due = time.monotonic()
        while not self._stop.is_set():
            for work in (self._new(), self._keep(idle)):
                task = asyncio.create_task(work)
                running.add(task)
                task.add_done_callback(running.discard)
            due += self._interval
            await asyncio.sleep(max(0, due - time.monotonic()))
        await asyncio.gather(*running)

    async def _new(self):
        """A connection of its own to the sidecar, and one from there."""
        await self._note("new", self._on_new_connection())

    async def _on_new_connection(self):
        reader, writer = await asyncio.open_connection(LOOPBACK, self._port)
        try:
            return await _ask(reader, writer, "new")
        finally:
            writer.close()

    async def _keep(self, idle):
        await self._note("kept", self._on_kept_connection(idle))

    async def _on_kept_connection(self, idle):
        connection = await idle.get()
        try:
            connection = connection or await asyncio.open_connection(LOOPBACK, self._port)
            seen = await _ask(*connection, "kept")
        except BaseException:
            if connection:
                connection[1].close()
            connection = None
            raise
        finally:
            idle.put_nowait(connection)
        return seen

    async def _note(self, kind, work):
        try:
            seen = await asyncio.wait_for(work, _TIMEOUT)
            problem = None if seen.status == 200 else f"{seen.status} {seen.body.strip()}"
        except Exception as error:
            seen, problem = None, f"{type(error).__name__}: {error}"
        self.answers[kind] += 1
        if problem:
            self.failures.append(f"{time.monotonic() - self._began:.1f} s, {kind}: {problem}")
        elif kind == "new":
            self.client_serials.setdefault(seen.client_serial)
            self.client_issuers.setdefault(seen.client_issuer)
            self.server_certificates.setdefault(seen.server_text)


async def _ask(reader, writer, kind):
    writer.write(f"GET /{kind} HTTP/1.1\r\nhost: service\r\n\r\n".encode())
    head = (await reader.readuntil(b"\r\n\r\n")).decode()
    status, *lines = head.split("\r\n")
    headers = {}
    for line in filter(None, lines):
        name, _, value = line.partition(":")
        headers[name.lower()] = value.strip()
    body = await reader.readexactly(int(headers["content-length"]))
    return Seen(int(status.split()[1]), headers, body.decode(errors="replace"))
