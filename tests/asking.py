"""A run of the teacher `openai` as a process of its own, for tests that interrupt and kill it.

python -m tests.asking URL LEDGER REQUESTS CONCURRENCY USD
"""

from pathlib import Path

from thoughtmill.factory.core import stage
from thoughtmill.factory.teachers import Request
from thoughtmill.factory.teachers.endpoint.prices import Price
from thoughtmill.factory.teachers.endpoint.request_keys import RequestKeys
from thoughtmill.factory.teachers.endpoint.settings import EndpointSettings
from thoughtmill.factory.teachers.openai import OpenAITeacher


def request(number: int) -> Request:
    """Return the request of a number; its prompt is `p<number>`."""
    return Request(
        {}, "cot", 0, ({"role": "user", "content": f"p{number}"},), {"model": "tiny", "max_tokens": 9}
    )


def key(url: str, prompt: str) -> str:
    """Return the key of a prompt's request."""
    return RequestKeys(EndpointSettings(base_url=url)).keyed(request(int(prompt[1:])))[0]


def main(url: str, ledger: str, requests: str, concurrency: str, usd: str) -> None:
    """Ask, and print each prompt as it is answered."""
    prices = {"tiny": Price(prompt=float(usd), completion=float(usd))} if float(usd) else {}
    settings = EndpointSettings(base_url=url, max_concurrency=int(concurrency), backoff_s=0.01, prices=prices)
    for reply in OpenAITeacher(settings, Path(ledger)).complete(map(request, range(int(requests)))):
        print(reply.request.messages[0]["content"], reply.completion, flush=True)


if __name__ == "__main__":
    stage.run(main)
