"""`curator.LLM` with its cache."""

from typing import Any

from bespokelabs import curator

from bench.peers import SAMPLING, PeerJob

UNLIMITED = 10_000_000_000


class Solver(curator.LLM):
    """Takes rows with a chat, returns rows with an answer."""

    def prompt(self, row: dict[str, Any]) -> Any:
        return row["chat"]

    def parse(self, row: dict[str, Any], answer: str) -> Any:
        return {"answer": answer}


def ask(job: PeerJob) -> int:
    """Ask about the rows of a data set."""
    backend = {
        "base_url": job.url,
        "api_key": "none",
        "max_concurrent_requests": job.concurrency,
        "max_requests_per_minute": UNLIMITED,
        "max_tokens_per_minute": UNLIMITED,
        "require_all_responses": False,
    }
    solver = Solver(model_name="bench", backend="openai", generation_params=SAMPLING, backend_params=backend)
    answered = solver([{"chat": chat} for chat in job.chats], working_dir=str(job.folder))
    return len(getattr(answered, "dataset", answered))
