"""The teacher `openai` against a real OpenAI-compatible server: `transformers serve` with a tiny model."""

import importlib.util
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.waiting import PATIENCE_S
from thoughtmill.factory.teachers import Request
from thoughtmill.factory.teachers.endpoint.settings import EndpointSettings
from thoughtmill.factory.teachers.openai import OpenAITeacher

NEEDED = ("torch", "transformers", "tokenizers", "fastapi", "uvicorn")
MISSING = [name for name in NEEDED if importlib.util.find_spec(name) is None]

pytestmark = pytest.mark.skipif(bool(MISSING), reason=f"`transformers serve` needs {', '.join(MISSING)}")


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make a Llama of two small layers that speaks bytes."""
    import torch
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers
    from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

    folder = tmp_path_factory.mktemp("model")
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    words = {word: number for number, word in enumerate(["<end>", *alphabet])}
    tokenizer = Tokenizer(models.BPE(vocab=words, merges=[]))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    fast = PreTrainedTokenizerFast(tokenizer_object=tokenizer, eos_token="<end>", pad_token="<end>")
    fast.chat_template = (
        "{% for message in messages %}{{ message['role'] }}: {{ message['content'] }}\n{% endfor %}"
    )
    fast.save_pretrained(folder)
    torch.manual_seed(0)
    sizes = {"hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 2, "num_attention_heads": 2}
    config = LlamaConfig(
        vocab_size=len(words), max_position_embeddings=512, eos_token_id=0, pad_token_id=0, **sizes
    )
    LlamaForCausalLM(config).save_pretrained(folder)
    return folder


@pytest.fixture(scope="module")
def url(model: Path, python: str) -> Iterator[str]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = "import sys; from transformers.cli.transformers import main; sys.exit(main())"
    words = [
        python,
        "-c",
        command,
        "serve",
        str(model),
        "--host",
        "127.0.0.1",
        "--port",
        str(port),
        "--device",
        "cpu",
    ]
    server = subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        wait_for(f"http://127.0.0.1:{port}/v1/models", server)
        yield f"http://127.0.0.1:{port}/v1"
    finally:
        server.kill()
        server.wait()


def wait_for(address: str, server: "subprocess.Popen[bytes]") -> None:
    give_up = time.monotonic() + PATIENCE_S
    while True:
        assert server.poll() is None, "the server left"
        assert time.monotonic() < give_up, "the server never came up"
        try:
            urllib.request.urlopen(address, timeout=60).close()
            return
        except urllib.error.HTTPError:
            return  # it answers, and that is all that is asked here
        except (urllib.error.URLError, TimeoutError):
            time.sleep(0.3)


def test_a_real_server_answers_and_is_asked_once(url: str, model: Path, tmp_path: Path) -> None:
    parameters = {"model": str(model), "temperature": 0.0, "max_tokens": 8, "seed": 1}
    requests = [
        Request({}, "cot", 0, ({"role": "user", "content": f"What is {n} + {n}?"},), parameters)
        for n in range(3)
    ]
    settings = EndpointSettings.model_validate({"base_url": url, "max_concurrency": 2})
    teacher = OpenAITeacher(settings, tmp_path / "ledger.sqlite")
    first = sorted(teacher.complete(requests), key=lambda reply: reply.request_key)
    again = sorted(teacher.complete(requests), key=lambda reply: reply.request_key)
    assert first == again
    assert len(first) == 3
    for reply in first:
        assert reply.completion is not None or reply.failure in ("empty", "truncated")
        assert reply.failure in (None, "empty", "truncated")
        assert reply.latency_s
