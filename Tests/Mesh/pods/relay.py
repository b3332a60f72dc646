"""The control plane for Pods of IPv6: what listens on the node's loopback of IPv4, at an address of theirs."""

import asyncio
import contextlib
import threading


class Relay:
    """Each port of `address` leads to the same one of 127.0.0.1. As a context."""

    def __init__(self, address, *ports):
        self._address, self._ports = address, ports
        self._loop = asyncio.new_event_loop()

    def __enter__(self):
        self._loop.run_until_complete(self._listen())
        self._thread = threading.Thread(target=self._loop.run_forever)
        self._thread.start()
        return self

    async def _listen(self):
        self._servers = [
            await asyncio.start_server(lambda *ends, port=port: self._join(port, *ends), self._address, port)
            for port in self._ports
        ]

    async def _join(self, port, reader, writer):
        with contextlib.suppress(OSError):
            there_reader, there_writer = await asyncio.open_connection("127.0.0.1", port)
            await asyncio.gather(self._pass(reader, there_writer), self._pass(there_reader, writer))

    @staticmethod
    async def _pass(reader, writer):
        with contextlib.suppress(OSError):
            while data := await reader.read(65536):
                writer.write(data)
                await writer.drain()
        writer.close()

    def __exit__(self, *_):
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.run_until_complete(self._end())
        self._loop.close()

    async def _end(self):
        for server in self._servers:
            server.close()
        tasks = asyncio.all_tasks() - {asyncio.current_task()}
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
