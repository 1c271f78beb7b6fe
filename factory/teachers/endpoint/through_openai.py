"""The transport `openai`: sends requests through `openai.AsyncOpenAI` on its aiohttp backend."""

import asyncio
import time

import aiohttp
import httpx2
import openai

from thoughtmill.factory.teachers.endpoint.responses import Response
from thoughtmill.factory.teachers.endpoint.transport import (
    BREAKS,
    JSON,
    PATH,
    api_key,
    broken_response,
    whole_response,
)


class OpenAITransport:
    """Sends requests with the authentication, the errors and the connections of the `openai` package."""

    def __init__(self, base_url: str, timeout_s: float, connections: int) -> None:
        limits = httpx2.Limits(max_connections=connections, max_keepalive_connections=connections)
        self.timeout_s = timeout_s
        self.client = openai.AsyncOpenAI(
            base_url=base_url,
            api_key=api_key() or "none",
            timeout=timeout_s,
            max_retries=0,
            http_client=openai.DefaultAioHttpClient(limits=limits, follow_redirects=False),
        )

    async def post(self, body: bytes) -> Response:
        """Send one request; see `Transport`."""
        begun = time.perf_counter()
        try:
            async with asyncio.timeout(self.timeout_s):
                response = await self.client.post(
                    PATH, cast_to=httpx2.Response, content=body, options={"headers": JSON}
                )
        except openai.APIStatusError as error:
            response = error.response
        except (*BREAKS, openai.APIConnectionError) as error:
            return broken_response(begun, _cause(error), self.timeout_s)
        return whole_response(begun, response.status_code, response.content, response.headers)

    async def close(self) -> None:
        """Close the connections."""
        await self.client.close()


def _cause(error: BaseException) -> BaseException:
    """Return the original error of aiohttp: the layers above call even a refused connection a time-out."""
    while not isinstance(error, aiohttp.ClientError | TimeoutError) and error.__cause__ is not None:
        error = error.__cause__
    return error
