"""DataDesigner over a seed file, with its resumption."""

import data_designer.config as dd
import pandas as pd
from data_designer.interface import DataDesigner, ResumeMode

from bench.peers import SAMPLING, TASK, PeerJob


def ask(job: PeerJob) -> int:
    """Create a data set with one text column."""
    seeds = job.folder / "seeds.parquet"
    pd.DataFrame({"problem": job.problems}).to_parquet(seeds)
    drawn = dd.ChatCompletionInferenceParams(
        temperature=SAMPLING["temperature"],
        max_tokens=SAMPLING["max_tokens"],
        extra_body={"seed": SAMPLING["seed"]},
        max_parallel_requests=job.concurrency,
    )
    teacher = dd.ModelConfig(
        alias="teacher", model="bench", provider="bench", inference_parameters=drawn, skip_health_check=True
    )
    builder = dd.DataDesignerConfigBuilder(model_configs=[teacher])
    builder.with_seed_dataset(dd.LocalFileSeedSource(path=str(seeds)))
    builder.add_column(
        dd.LLMTextColumnConfig(
            name="answer", prompt="{{ problem }}", system_prompt=TASK, model_alias="teacher"
        )
    )
    endpoint = dd.ModelProvider(name="bench", endpoint=job.url, api_key="none")
    designer = DataDesigner(artifact_path=job.folder, model_providers=[endpoint])
    designer.set_run_config(dd.RunConfig(otel_metrics_port=None))
    created = designer.create(builder, num_records=len(job.problems), resume=ResumeMode.IF_POSSIBLE)
    return len(created.load_dataset())
