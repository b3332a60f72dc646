#!/usr/bin/env python3
"""In the Service's place: TCP from one port to whichever replica is ready, in turn.

balancer.py PORT ADMIN:PORT [ADMIN:PORT…] [-- PORT ADMIN:PORT…]

ADMIN is where a replica answers /readyz, and PORT where its connections go. One that is not ready gets none, one that
refuses a connection is passed over, and what is open when a replica ends is closed.
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


class Front:
    def __init__(self, arguments):
        self.port = int(arguments[0])
        self._replicas = [Replica(place) for place in arguments[1:]]
        self._turns = itertools.count()

    async def run(self):
        server = await asyncio.start_server(self._accept, LOOPBACK, self.port, backlog=1024)
        async with server:
            await asyncio.gather(server.serve_forever(), *(replica.watch() for replica in self._replicas))

    async def _accept(self, reader, writer):
        first = next(self._turns)
        for place in range(len(self._replicas)):
            replica = self._replicas[(first + place) % len(self._replicas)]
            if not replica.is_ready:
                continue
            try:
                other_reader, other_writer = await asyncio.open_connection(LOOPBACK, replica.port)
            except OSError:
                continue
            await asyncio.gather(pump(reader, other_writer), pump(other_reader, writer))
            return
        writer.close()


async def pump(reader, writer):
    try:
        while data := await reader.read(1 << 16):
            writer.write(data)
            await writer.drain()
    except OSError:
        pass
    finally:
        writer.close()


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
