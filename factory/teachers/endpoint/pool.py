"""A pool of addresses of one endpoint: requests go where there is room, and avoid failing addresses."""

import asyncio
import time
from dataclasses import dataclass, field, replace

import orjson

from thoughtmill.factory.teachers.endpoint.addresses import Address
from thoughtmill.factory.teachers.endpoint.flow import longest_backoff_s
from thoughtmill.factory.teachers.endpoint.responses import Response
from thoughtmill.factory.teachers.endpoint.transport import RawTransport

FIRST_PAUSE_S = 1.0
LONGEST_PAUSE_S = 300.0
SOUND = frozenset({200, 400, 413, 422})  # statuses of an address that works


@dataclass(slots=True, eq=False)
class AddressHealth:
    """The state of an address: its requests in flight, its failures in a row, until when it is left alone."""

    weight: float
    in_flight: int = 0
    failures: int = 0
    until_s: float = 0.0


@dataclass(slots=True)
class Balancer:
    """Chooses an address for each request. Pure: seconds are passed in.

    The next request goes to the address with the fewest requests in flight for its weight. An address that
    fails gets none for a while, longer each time; then it gets one request as a probe. When all fail, the
    one that was to be asked first again is asked.
    """

    addresses: list[AddressHealth] = field(default_factory=list)

    def choose(self, now_s: float) -> int:
        """Return the number of the address for the next request, and note it there."""
        sound = [each for each in self.addresses if self._is_open(each, now_s)]
        least = min(sound or self.addresses, key=lambda each: self._rank(each, bool(sound)))
        least.in_flight += 1
        return self.addresses.index(least)

    def ended(self, number: int, works: bool, wait_s: float, now_s: float) -> None:
        """Note the end of a request at an address; `wait_s` is how long the address asks to wait."""
        address = self.addresses[number]
        address.in_flight -= 1
        if works:
            address.failures = 0
            address.until_s = now_s + wait_s if wait_s else address.until_s
        elif now_s >= address.until_s:  # requests that fail together count once
            address.failures += 1
            pause_s = longest_backoff_s(address.failures, FIRST_PAUSE_S, LONGEST_PAUSE_S)
            address.until_s = now_s + max(pause_s, wait_s)

    def has_other(self, now_s: float) -> bool:
        """Say whether any address can be asked now."""
        return any(self._is_open(each, now_s) for each in self.addresses)

    def _is_open(self, address: AddressHealth, now_s: float) -> bool:
        probing = address.failures and address.in_flight
        return now_s >= address.until_s and not probing

    def _rank(self, address: AddressHealth, sound: bool) -> tuple[float, float]:
        load = (address.in_flight + 1) / address.weight
        return (0.0 if sound else address.until_s, load)


class PooledTransport:
    """Sends requests to several addresses; see `transport.Transport`."""

    def __init__(
        self,
        addresses: list[Address],
        timeout_s: float,
        connections: int,
        stream: str,
        stop_when: str | None = None,
    ) -> None:
        self.transports = [
            RawTransport(each, timeout_s, connections, stream, stop_when) for each in addresses
        ]
        self.balancer = Balancer([AddressHealth(each.weight) for each in addresses])

    @property
    def stream(self) -> str:
        """How answers are asked for."""
        return self.transports[0].stream

    @stream.setter
    def stream(self, stream: str) -> None:
        for each in self.transports:
            each.stream = stream

    async def post(self, body: bytes) -> Response:
        """Send one request to one of the addresses.

        While another address can be asked, the wait that a response asks for holds for its address alone.
        """
        number = self.balancer.choose(time.monotonic())
        transport = self.transports[number]
        response = await transport.post(_for(transport.address, body))
        works = response.status in SOUND
        self.balancer.ended(number, works, response.retry_after_s or 0.0, time.monotonic())
        if self.balancer.has_other(time.monotonic()):
            return replace(response, retry_after_s=None)
        return response

    async def close(self) -> None:
        """Close the connections."""
        await asyncio.gather(*(each.close() for each in self.transports))


def _for(address: Address, body: bytes) -> bytes:
    """Return a body with the name that the model has at an address."""
    return orjson.dumps({**orjson.loads(body), "model": address.model}) if address.model else body
