"""What tables are made of: columns with an Arrow type and rules, and the enums."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, ClassVar

import pyarrow
import pyarrow.compute as pc


@dataclass
class Column:
    """What a table says of a column: its type, the rules that its values keep, and its description.

    A null breaks `nullable` at most; the other rules are about values.
    """

    type: pyarrow.DataType
    description: str
    nullable: bool = False
    isin: Sequence[str] | None = None
    matches: str | None = None
    least_length: int | None = None
    gt: int | None = None
    ge: int | None = None
    le: int | None = None
    name: str = ""

    def __set_name__(self, owner: type, name: str) -> None:
        self.name = name

    def broken(self, values: pyarrow.ChunkedArray) -> Iterator[tuple[str, list[int]]]:
        """Yield every rule that values break, with the rows where they do."""
        if not self.nullable and values.null_count:
            yield "not_nullable", _rows(pc.is_null(values))
        for rule, kept in self._rules(values):
            if pc.all(kept).as_py() is False:  # None means that there are only nulls
                yield rule, _rows(pc.invert(kept))

    def _rules(self, values: pyarrow.ChunkedArray) -> Iterator[tuple[str, pyarrow.ChunkedArray]]:
        if self.isin is not None:
            known = pc.is_in(values, value_set=pyarrow.array(self.isin, self.type))
            yield f"isin({list(self.isin)})", pc.or_(known, pc.is_null(values))
        if self.matches is not None:
            yield f"str_matches({self.matches!r})", pc.match_substring_regex(values, self.matches)
        if self.least_length is not None:
            longer = pc.greater_equal(pc.utf8_length(values), self.least_length)
            yield f"str_length({self.least_length}, None)", longer
        if self.gt is not None:
            yield f"greater_than({self.gt})", pc.greater(values, self.gt)
        if self.ge is not None:
            yield f"greater_than_or_equal_to({self.ge})", pc.greater_equal(values, self.ge)
        if self.le is not None:
            yield f"less_than_or_equal_to({self.le})", pc.less_equal(values, self.le)


def _rows(broken: pyarrow.ChunkedArray) -> list[int]:
    return list(pc.indices_nonzero(broken).to_pylist())


Text = partial(Column, pyarrow.string())
Whole = partial(Column, pyarrow.int64())
Real = partial(Column, pyarrow.float64())
Truth = partial(Column, pyarrow.bool_())


class Model:
    """A table: a subclass declares its columns in their order, its name, and its primary key.

    >>> class Cats(Model, name="cats", key=("cat_id",)):
    ...     cat_id = Text(description="the cat")
    ...     lives = Whole(ge=0, description="how many lives are left")
    >>> [column.name for column in Cats.COLUMNS]
    ['cat_id', 'lives']
    """

    NAME: ClassVar[str]
    KEY: ClassVar[tuple[str, ...]]
    COLUMNS: ClassVar[tuple[Column, ...]]

    def __init_subclass__(cls, name: str, key: tuple[str, ...], **rest: Any) -> None:
        super().__init_subclass__(**rest)
        cls.NAME, cls.KEY = name, key
        cls.COLUMNS = tuple(each for each in vars(cls).values() if isinstance(each, Column))


SPLITS: dict[str, str] = {
    "train": "what students learn from",
    "validation": "held out of training, for choosing between settings",
    "validation_compositions": "embedded: the same, with steps put together as train never puts them",
    "test": "a set's own test split",
    "test_numbers": "embedded: known templates and compositions, new numbers",
    "test_compositions": "embedded: known steps, put together as neither train nor validation puts them",
    "test_templates": "embedded: whole templates that train never shows",
}

FAILURES: dict[str, str] = {
    "uncompilable": "the embedded teacher found no way to write this thought",
    "unanswered": "the teacher gave no completion for this request",
    "refused_by_endpoint": "the endpoint refused this request, but not others",
    "too_long": "the prompt, or prompt and completion together, do not fit the model",
    "moderated": "a filter of the endpoint refused the request",
    "refused": "the teacher declined, or a content filter stopped it",
    "empty": "the completion has no text",
    "truncated": "the completion was cut off by a limit of length or time, or because it repeated itself",
    "unparsable": "no rationale of this thought can be read from the completion",
    "not_general": "the rules name numbers of their own problem",
    "no_answer": "the rationale gives no answer",
    "not_a_number": "the result of the rationale is not a finite number",
    "raised": "the program raised an exception",
    "timeout": "the time limit was reached",
    "memory": "the memory limit was reached",
    "output": "the output limit was reached",
    "forbidden": "the program tried something that the fence refuses",
    "killed": "the worker that ran it died",
    "underdetermined": "the equations leave the answer open",
    "inconsistent": "the equations contradict each other",
    "ambiguous": "the equations have several solutions that nothing tells apart",
    "nonreal": "the equations have no real solution",
}

DROP_REASONS: dict[str, str] = {
    "failed": "it has a failure",
    "incorrect": "its answer is not the gold answer",
    "unverified": "whether its answer is right is unknown: no gold answer and no agreement, or time ran out",
    "impure": "the program reaches beyond computing: a file, the system, the clock",
    "leaks_answer": "the rules state the gold answer",
    "names": "the rules name people, places or things of their problem",
    "right_by_chance": "its answer is the gold answer, but comes from a wrong step",
    "unsupported": "it has no answer to compare, and no other thought of its problem is verified",
    "duplicate_problem": "an earlier problem has the same text",
    "contaminated": "its problem overlaps a held-out problem",
    "duplicate_rationale": "an earlier sample of this problem and thought has the same rationale",
    "same_calculations": "an earlier right chain of this problem has the same calculations",
    "held_out": "good, but its split is not train",
}
