"""The origin of an adapter: a file beside its weights that records it, and its card."""

import hashlib
import json
import subprocess
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from thoughtmill.factory.core.errors import ThoughtmillError
from thoughtmill.factory.core.files import existing, write_json

CONFIG, WEIGHTS = "adapter_config.json", "adapter_model.safetensors"
WHOLE = ("config.json", "model.safetensors")
"""The files of a role whose whole model was trained."""
ORIGIN = "thoughtmill.json"
SEED = "seed-"
"""A further training run of a role is in a folder of this name and its seed, within that of the first."""


@dataclass(frozen=True, slots=True)
class Origin:
    """The sources of an adapter, as in `thoughtmill.json` and the card beside its weights.

    `examples_sha` is the SHA-256 of its training examples in order, `adapter_sha` that of its configuration
    and weights, `base_sha` that of the base's files, or the base's commit on the Hub. `asking` says how the
    adapter is asked, as `encoding.asking` returns it; adapters of 0.2 and before have none. Adapters of
    others have an empty `data_version`.
    """

    role: str
    data_version: str
    examples_sha: str
    records: int
    base: str
    base_revision: str | None
    base_sha: str
    commit: str
    parameters: dict[str, Any]
    adapter_sha: str = ""
    asking: dict[str, Any] = field(default_factory=dict)

    @property
    def whole(self) -> bool:
        """Whether the role is a model of its own, not an adapter on the base."""
        return self.parameters.get("weights") == "all"


def of_seed(folder: Path, seed: int | None) -> Path:
    """Return the folder of a training run of a role whose first is in `folder`; None is the first."""
    return folder if seed is None else folder / f"{SEED}{seed}"


def write_origin(folder: Path, origin: Origin) -> None:
    """Write `thoughtmill.json` and the card beside the weights in `folder`."""
    whole = replace(origin, adapter_sha=_sha(folder))
    (folder / "README.md").write_text(card(whole, whole.whole), "utf-8")
    write_json(folder / ORIGIN, asdict(whole))


def card(origin: Origin, merged: bool = False) -> str:
    """Return the model card of an adapter, or of its base with the adapter merged into it.

    It links the base if that is on the Hub.
    """
    facts = {name: value for name, value in asdict(origin).items() if name not in ("parameters", "asking")}
    facts |= {f"finetune.{name}": value for name, value in origin.parameters.items()}
    linked = [f"base_model: {origin.base}"] if origin.base_revision else []
    library = "transformers" if merged else "peft"
    front = ["---", f"library_name: {library}", *linked, "tags: [thoughtmill, lora, math]", "---", ""]
    title = [f"# Thoughtmill student: `{origin.role}`", ""]
    what = f"`{origin.base}` with a LoRA adapter merged into it" if merged else "A LoRA adapter"
    what = f"`{origin.base}`, all of whose weights were" if origin.whole else f"{what},"
    use = [f"{what} trained on verified thoughts.", "", *_usage(origin, merged)]
    cells = {name: " ".join(str(value).replace("|", "\\|").split()) for name, value in facts.items()}
    table = [f"| {name} | {value} |" for name, value in cells.items()]
    return "\n".join([*front, *title, *use, "| trained from | |", "|---|---|", *table, ""])


def _usage(origin: Origin, merged: bool) -> list[str]:
    """Return how to ask an adapter with peft alone, or a merged model with transformers alone."""
    asking = origin.asking
    if not asking:
        return ["Load it with `PeftModel.from_pretrained`.", ""]
    kind = "Seq2SeqLM" if asking["two_sided"] else "CausalLM"
    loader = f"AutoModelFor{kind}" if merged else f"AutoPeftModelFor{kind}"
    folder = f'"the folder or the repository of this {"model" if merged else "adapter"}"'
    base = folder if merged else f"{origin.base!r}, revision={origin.base_revision!r}"
    chat = 'tokenizer.apply_chat_template([{"role": "user", "content": prompt}], add_generation_prompt=True,'
    ending = repr(asking["ending"])
    encoded = (
        f'tokenizer(prompt + {ending}, return_tensors="pt")'
        if asking["turns"] == "plain"
        else f'{chat}\n                                       return_dict=True, return_tensors="pt")'
    )
    begin = "1" if asking["two_sided"] else 'asked["input_ids"].shape[1]'
    code = [
        f"from {'transformers' if merged else 'peft'} import {loader}",
        "from transformers import AutoTokenizer",
        "",
        f"model = {loader}.from_pretrained({folder})",
        f"tokenizer = AutoTokenizer.from_pretrained({base})",
        f"prompt = {next(iter(asking['prompts'].values()))!r}",
        'prompt = prompt.replace("{problem}", "3 bags hold 4 nuts each. How many nuts are there?")',
        f"asked = {encoded}",
        f"wrote = model.generate(**asked, max_new_tokens={asking['max_new_tokens']}, do_sample=False)",
        f"print(tokenizer.decode(wrote[0, {begin}:], skip_special_tokens=True))",
    ]
    parts = [
        f"- `{part}` is read as `{asking['read_as'][part]}`: `{text!r}`"
        for part, text in asking["prompts"].items()
    ]
    stops = f"A text ends with {', '.join(f'`{end}`' for end in asking['ends'])}. Prompts:"
    if asking.get("escapes"):
        stops = f"Signs that the tokenizer loses are written as tokens of it: `{asking['escapes']}`. {stops}"
    command = f"With Thoughtmill: `thoughtmill ask {next(iter(asking['prompts']))} PROBLEM`."
    return ["```python", *code, "```", "", *([] if merged else [command, ""]), stops, "", *parts, ""]


def origin_of(folder: Path, style: str | None = None) -> Origin:
    """Read the origin of an adapter, and refuse an adapter whose files are truncated or changed.

    An adapter of others has no file of ours beside it. It is that of the role which its folder is named
    after, asked in `style`.
    """
    if style is not None and (folder / CONFIG).is_file() and not (folder / ORIGIN).is_file():
        return _of_others(folder, style)
    cure = "train the role with `python -m thoughtmill.train.finetune`"
    if (folder / CONFIG).is_file():
        cure += ", or name its style: --style, or infer.style"
    file = existing(folder / ORIGIN, cure)
    try:
        origin = Origin(**json.loads(file.read_text("utf-8")))
    except (ValueError, TypeError) as error:
        raise ThoughtmillError(f"{file} is corrupt: train the role again") from error
    if _sha(folder) != origin.adapter_sha:
        raise ThoughtmillError(f"{folder} holds a file that is truncated or changed: train the role again")
    return origin


def _of_others(folder: Path, style: str) -> Origin:
    """Return what peft's configuration says of an adapter that was trained elsewhere."""
    try:
        config = json.loads((folder / CONFIG).read_text("utf-8"))
        base, revision = str(config["base_model_name_or_path"]), config.get("revision")
    except (ValueError, LookupError, TypeError, AttributeError) as error:
        raise ThoughtmillError(f"{folder / CONFIG} is not peft's configuration of an adapter") from error
    return Origin(
        role=folder.name, data_version="", examples_sha="", records=0, base=base,
        base_revision=None if Path(base).is_dir() else revision or "main", base_sha="", commit="unknown",
        parameters={"style": style}, adapter_sha=_sha(folder),
    )  # fmt: skip


def _sha(folder: Path) -> str:
    """Return the SHA-256 of the configuration and the weights of an adapter or a whole model."""
    names = WHOLE if (folder / WHOLE[0]).is_file() else (CONFIG, WEIGHTS)
    files = (existing(folder / name, "train the role again") for name in names)
    return hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest()


def commit() -> str:
    """Return the commit of the code, with `-changed` if files differ from it, or `unknown` outside git."""
    try:
        described = subprocess.run(
            ["git", "describe", "--always", "--abbrev=40", "--exclude=*", "--dirty=-changed"],
            capture_output=True, text=True, check=True,
        )  # fmt: skip
    except (OSError, subprocess.CalledProcessError):
        return "unknown"
    return described.stdout.strip()
