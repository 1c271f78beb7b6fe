"""Where the rows of a problem set are: in the set itself, local files, or a data set on the Hub."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from thoughtmill.factory.core.errors import ThoughtmillError, nearest
from thoughtmill.factory.core.files import digest
from thoughtmill.factory.core.params import Section
from thoughtmill.factory.core.rows import FileRow, begun, files_of, rows_of_file
from thoughtmill.factory.core.rows.hub import rows_of_hub
from thoughtmill.factory.thoughts.prompts import ASKED
from thoughtmill.schemas.fields import SPLITS

Fields = Mapping[str, Any]
"""A row of a set. Read, it has `problem`, `answer`, and perhaps `solution`, `id`, `subject` and `level`.

Where a row also holds what a teacher wrote about the problem, `completions` has a `SourceCompletion` of each.
"""


class SourceCompletion(NamedTuple):
    """A completion that a row of a problem set brings; the teacher `replay` reads it.

    `model` is who wrote it, None where the set does not say. A `sample` of None is the next one.
    """

    thought: str
    completion: str
    reasoning: str | None = None
    model: str | None = None
    sample: int | None = None


class UnusableRow(ValueError):
    """Why a row cannot become a problem, in words; `read` of a problem set may raise it."""


def first_of(row: Fields, *names: str) -> Any:
    """Return the value of the first of some columns that a row has; copies of a set name them differently.

    >>> first_of({"Problem": "2 + 2?"}, "problem", "Problem")
    '2 + 2?'
    """
    return row[next((name for name in names if row.get(name) is not None), names[0])]


@dataclass(frozen=True, slots=True)
class ProblemSet:
    """A problem set: how a row is read, its splits as (ours, theirs), its licence, its place on the Hub.

    `answer_kinds` are the kinds of its answers, in the order in which a gold answer is tried. `config` names
    the configs on the Hub whose rows make the set, one or several.

    A set that is not on the Hub has `rows`, a function from one of its splits and its options to the rows, or
    is read from the `file:` that a source names. `options` is the model of the set's own section of
    `params.yaml`, `seed.<name of the set>`.
    """

    read: Callable[[Fields], Fields]
    splits: tuple[tuple[str, str], ...]
    license: str
    hub: str | None = None
    config: str | tuple[str, ...] | None = None
    revision: str | None = None
    answer_kinds: tuple[str, ...] = ("number",)
    options: type[BaseModel] | None = None
    rows: Callable[[str, Any], Iterable[Fields]] | None = None


class ColumnSettings(Section):
    """The names of the columns of a `table` source.

    A thought names the column of its completions, such as `cot: response`, for the teacher `replay`;
    `reasoning` is the thinking before them, `model` who wrote them and `sample` their number.
    """

    model_config = ConfigDict(extra="allow")

    problem: str = "problem"
    answer: str | None = Field("answer", description="null where the gold answers are unknown")
    solution: str | None = None
    problem_id: str | None = None
    subject: str | None = None
    level: str | None = None
    parent: str | None = None
    reasoning: str | None = None
    model: str | None = None
    sample: str | None = None

    @model_validator(mode="after")
    def _other_columns_are_thoughts(self) -> Self:
        for name, column in (self.model_extra or {}).items():
            if name not in ASKED:
                known = (*type(self).model_fields, *ASKED.names())
                raise ValueError(f"`{name}` is an unknown key{nearest(name, known)}")
            if type(column) is not str:
                raise ValueError(f"`{name}`: give the name of a column")
        return self

    @property
    def thoughts(self) -> dict[str, str]:
        """The column of each thought that the rows hold."""
        return dict(self.model_extra or {})


class SourceSettings(Section):
    """An entry of `seed.sources`.

    `set` is a registered problem set. `file` is read instead of the Hub: a path, a pattern, a folder, or a
    list of them. Files must have the digests `sha256` where these are given. `hub` names a data set of the
    same form there, such as another edition. `answer_kinds` replace those of the set. A set that comes as
    `table` needs a `name`, its `columns`, and a `file` or a `hub` name.
    """

    set: str
    name: str | None = None
    file: str | tuple[str, ...] | None = None
    encoding: str | None = None
    sha256: str | tuple[str, ...] | None = None
    hub: str | None = None
    config: str | tuple[str, ...] | None = None
    revision: str | None = None
    split: str | None = None
    limit: int | None = Field(None, ge=1)
    license: str | None = None
    answer_kinds: tuple[str, ...] | None = Field(None, min_length=1)
    columns: ColumnSettings = ColumnSettings()


def rows_by_split(
    source: SourceSettings, problem_set: ProblemSet, options: Any, folder: Path
) -> Iterator[tuple[str, Iterable[FileRow]]]:
    """Yield the rows of each split that a source asks for; a relative file begins at `folder`.

    A file or a data set on the Hub that has no rows, or lacks a column, is an error.
    """
    name = source.name or source.set
    splits = [pair for pair in problem_set.splits if source.split in (None, pair[0])]
    if not splits or (source.split is not None and source.split not in SPLITS):
        raise no_split(name, source.split, (ours for ours, _ in problem_set.splits))
    if source.file is not None:
        if len(splits) > 1:
            raise ThoughtmillError(
                f"params.yaml: seed: say with `split:` which split of {name} {source.file} is"
            )
        yield splits[0][0], _of_files(source, problem_set, folder)
        return
    for ours, theirs in splits:
        if problem_set.rows is not None:
            rows = enumerate(problem_set.rows(theirs, options))
            yield ours, (FileRow(f"{source.set}, {theirs}, row {index}", dict(row)) for index, row in rows)
        else:
            yield ours, _of_hub(source, problem_set, theirs)


def _of_files(source: SourceSettings, problem_set: ProblemSet, folder: Path) -> Iterator[FileRow]:
    """Yield the rows of the files of a source, which must be the pinned files where it pins them."""
    files = files_of(source.file or "", folder)
    pinned = [source.sha256] if isinstance(source.sha256, str) else source.sha256 or ()
    if pinned and len(pinned) != len(files):
        raise ThoughtmillError(f"params.yaml: seed: `sha256:` pins {len(pinned)} files, not {len(files)}")
    for path, sha256 in zip(files, pinned, strict=False):
        if (found := digest(path)) != sha256:
            raise ThoughtmillError(f"{path} is not the pinned file: its sha256 is {found}, not {sha256}")
    for path in files:
        shown = str(path.relative_to(folder) if path.is_relative_to(folder) else path)
        yield from _begun(rows_of_file(path, source.encoding, shown), shown, problem_set)


def _of_hub(source: SourceSettings, problem_set: ProblemSet, split: str) -> Iterator[FileRow]:
    """Yield the rows of a split on the Hub; a row of one config of several names its part."""
    hub = source.hub or problem_set.hub
    if hub is None:
        raise ThoughtmillError(f"params.yaml: seed: {source.set} is on no Hub: give `file:`")
    config = source.config or problem_set.config
    several = isinstance(problem_set.config, tuple) or config != problem_set.config
    for each in config if isinstance(config, tuple) else (config,):
        revision = source.revision or problem_set.revision
        rows = rows_of_hub(hub, each, split, revision, streaming=source.limit is not None)
        for row in _begun(rows, f"{hub}, {each or 'default'}, {split}", problem_set):
            yield row._replace(part=each if several else None)


def _begun(rows: Iterator[FileRow], name: str, problem_set: ProblemSet) -> Iterable[FileRow]:
    """Return rows; it is an error when there is none, or none of the first has a column that is needed."""
    return begun(
        rows, name, lambda values: _missing(values, problem_set), "`columns:` of a set `table` names it"
    )


def _missing(values: Fields, problem_set: ProblemSet) -> str | None:
    """Return the column that a row lacks, or None."""
    try:
        problem_set.read(values)
    except KeyError as error:
        return str(error.args[0])
    except UnusableRow:
        return None
    return None


def no_split(name: str, split: str | None, known: Iterable[str]) -> ThoughtmillError:
    """Return the error that a set lacks a split."""
    return ThoughtmillError(
        f"params.yaml: seed: {name} has no split `{split}`; there are: {', '.join(known)}"
    )
