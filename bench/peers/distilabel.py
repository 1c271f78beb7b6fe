"""A distilabel pipeline of one chat task, with its cache."""

from distilabel.models import OpenAILLM
from distilabel.pipeline import Pipeline
from distilabel.steps import LoadDataFromDicts
from distilabel.steps.tasks import ChatGeneration

from bench.peers import SAMPLING, PeerJob


def ask(job: PeerJob) -> int:
    """Run the pipeline; its task sends one batch after another, each all at once."""
    drawn = {"temperature": SAMPLING["temperature"], "max_new_tokens": SAMPLING["max_tokens"]}
    teacher = OpenAILLM(model="bench", base_url=job.url, api_key="none", generation_kwargs=drawn)
    rows = [{"messages": chat} for chat in job.chats]
    with Pipeline(name="bench", cache_dir=job.folder) as pipeline:
        load = LoadDataFromDicts(data=rows, batch_size=job.concurrency)
        load >> ChatGeneration(llm=teacher, input_batch_size=job.concurrency)
    answered = pipeline.run()
    return sum(row["generation"] is not None for row in answered["default"]["train"])
