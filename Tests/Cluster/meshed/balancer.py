#!/usr/bin/env python3
"""In the Service's place: TCP from one port to whichever replica is ready, in turn.

balancer.py PORT ADMIN:PORT [ADMIN:PORT…] [-- PORT ADMIN:PORT…]

ADMIN is where a replica answers /readyz, and PORT where its connections go. One that is not ready gets none, one that
refuses a connection is passed over, and when one side ends a connection the other gets what was sent before, then its end.
"""

import asyncio
import itertools
import sys

LOOPBACK = "127.0.0.1"
# Between looks at who is ready.
PERIOD = 0.1


class Replica:
    def __init__(self, place):
        self.admin, self.port = map(int, place.split(":"))
        self.is_ready = False

    async def watch(self):
        while True:
            try:
                self.is_ready = await asyncio.wait_for(self._ask(), 2)
            except (OSError, asyncio.TimeoutError):
                self.is_ready = False
            await asyncio.sleep(PERIOD)

    async def _ask(self):
        reader, writer = await asyncio.open_connection(LOOPBACK, self.admin)
        try:
            writer.write(b"GET /readyz HTTP/1.1\r\nHost: balancer\r\nConnection: close\r\n\r\n")
            return (await reader.readline()).startswith(b"HTTP/1.1 200")
        finally:
            writer.close()


class Side(asyncio.Protocol):
    """One side of a connection; bytes go to the other as they come."""

    def __init__(self, other=None):
        self.other = other
        self.transport = None

    def connection_made(self, transport):
        self.transport = transport

    def data_received(self, data):
        self.other.transport.write(data)

    def connection_lost(self, _):
        if self.other:
            self.other.transport.close()

    def pause_writing(self):
        self.other.transport.pause_reading()

    def resume_writing(self):
        if not self.other.transport.is_closing():
            self.other.transport.resume_reading()


class Front:
    def __init__(self, arguments):
        self.port = int(arguments[0])
        self._replicas = [Replica(place) for place in arguments[1:]]
        self._turns = itertools.count()

    async def run(self):
        server = await asyncio.get_running_loop().create_server(lambda: Caller(self), LOOPBACK, self.port, backlog=1024)
        async with server:
            await asyncio.gather(server.serve_forever(), *(replica.watch() for replica in self._replicas))

    async def connect(self, caller):
        """Gives the caller another side, or its end."""
        first = next(self._turns)
        for place in range(len(self._replicas)):
            replica = self._replicas[(first + place) % len(self._replicas)]
            if not replica.is_ready:
                continue
            try:
                _, side = await asyncio.get_running_loop().create_connection(
                    lambda: Side(caller), LOOPBACK, replica.port
                )
            except OSError:
                continue
            caller.other = side
            if caller.transport.is_closing():
                side.transport.close()
            else:
                caller.transport.resume_reading()
            return
        caller.transport.close()


class Caller(Side):
    def __init__(self, front):
        super().__init__()
        self._front = front

    def connection_made(self, transport):
        super().connection_made(transport)
        # What it has to say waits for somebody to hear it.
        transport.pause_reading()
        self._task = asyncio.ensure_future(self._front.connect(self))


async def main(arguments):
    fronts, current = [], []
    for argument in [*arguments, "--"]:
        if argument == "--":
            fronts.append(Front(current))
            current = []
        else:
            current.append(argument)
    await asyncio.gather(*(front.run() for front in fronts))


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1:]))
