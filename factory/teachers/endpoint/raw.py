"""The transport `raw`: requests through one aiohttp session."""

import time

import aiohttp

from thoughtmill.factory.teachers.endpoint.deliveries import Delivery
from thoughtmill.factory.teachers.endpoint.transport import (
    BREAKS,
    JSON,
    PATH,
    api_key,
    broken,
    delivered,
    proxy_of,
)


class RawTransport:
    """Requests through aiohttp alone, for less CPU time."""

    def __init__(self, base_url: str, timeout_s: float, connections: int) -> None:
        self.url = base_url.rstrip("/") + PATH
        self.timeout_s = timeout_s
        self.connections = connections
        self.session: aiohttp.ClientSession | None = None

    async def post(self, body: bytes) -> Delivery:
        """Send one request; see `Transport`."""
        session = self.session or self._open()
        begun = time.perf_counter()
        try:
            async with session.post(self.url, data=body, allow_redirects=False) as response:
                received = await response.read()
        except BREAKS as error:
            return broken(begun, error, self.timeout_s)
        return delivered(begun, response.status, received, response.headers)

    def _open(self) -> aiohttp.ClientSession:
        """Open the session, which aiohttp allows only inside a running event loop."""
        key = api_key()
        self.session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=self.connections),
            headers=JSON | ({"Authorization": f"Bearer {key}"} if key else {}),
            timeout=aiohttp.ClientTimeout(total=self.timeout_s),
            proxy=proxy_of(self.url),
        )
        return self.session

    async def close(self) -> None:
        """Close the connections."""
        if self.session is not None:
            await self.session.close()
