"""datatrove's `InferenceRunner` against an endpoint, with its checkpoints."""

from typing import Any

from datatrove.data import Document
from datatrove.pipeline.inference.run_inference import InferenceConfig, InferenceRunner
from datatrove.pipeline.writers import JsonlWriter

from bench.peers import SAMPLING, PeerJob


async def solve(document: Document, generate: Any) -> Any:
    """Return the answer for one document."""
    return (await generate({"messages": document.metadata["chat"]})).text


def ask(job: PeerJob) -> int:
    """Run the pipeline step over documents, and count the lines it has written."""
    config = InferenceConfig(
        server_type="endpoint",
        endpoint_url=job.url.removesuffix("/v1"),
        model_name_or_path="bench",
        default_generation_params=SAMPLING,
        max_concurrent_generations=job.concurrency,
    )
    written = job.folder / "written"
    runner = InferenceRunner(
        rollout_fn=solve,
        config=config,
        output_writer=JsonlWriter(str(written), "${rank}_${chunk_index}.jsonl", compression=None),
        checkpoints_local_dir=str(job.folder / "checkpoints"),
    )
    runner.run(
        Document(text="", id=str(number), metadata={"chat": chat}) for number, chat in enumerate(job.chats)
    )
    return sum(len(path.read_bytes().splitlines()) for path in written.glob("*.jsonl"))
