"""A real HTTP server on loopback, in a thread of its own, for tests to inherit from."""

import asyncio
import threading
from types import TracebackType
from typing import Self

from aiohttp import web


class LoopbackServer:
    """Serves `routes` while it is entered; `host` is then its address."""

    def __init__(self) -> None:
        self.loop = asyncio.new_event_loop()
        self.thread = threading.Thread(target=self._serve, daemon=True)
        self.up = threading.Event()
        self.host = ""

    def routes(self) -> list[web.RouteDef]:
        """Return what the server answers."""
        raise NotImplementedError

    def __enter__(self) -> Self:
        self.thread.start()
        assert self.up.wait(10)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join(10)

    def _serve(self) -> None:
        asyncio.set_event_loop(self.loop)
        application = web.Application(client_max_size=2**30)
        application.add_routes(self.routes())
        runner = web.AppRunner(application, access_log=None, shutdown_timeout=0.1)
        self.loop.run_until_complete(runner.setup())
        self.loop.run_until_complete(web.TCPSite(runner, "127.0.0.1", 0).start())
        self.host = f"http://127.0.0.1:{runner.addresses[0][1]}"
        self.up.set()
        self.loop.run_forever()
        self.loop.run_until_complete(runner.cleanup())
        self.loop.run_until_complete(self._cancel_the_rest())
        self.loop.close()

    async def _cancel_the_rest(self) -> None:
        """Cancel what still answers somebody who is gone, so that nothing is left when the loop is closed."""
        rest = asyncio.all_tasks() - {asyncio.current_task()}
        for task in rest:
            task.cancel()
        await asyncio.gather(*rest, return_exceptions=True)
