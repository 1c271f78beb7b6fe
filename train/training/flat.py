"""Flat passes: packed examples without padding between them, in one of a few shapes; pure functions.

A single adapter learns from one row. Several adapters learn from rows of equal width; each row belongs to one
adapter.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from thoughtmill.train.training import batches
from thoughtmill.train.training.batches import IGNORED
from thoughtmill.train.training.plan import TrainingPlan

SHAPES, LEAST, TAUGHT = 12, 256, 64
"""The most shapes of passes; tokens are rounded up to a multiple of `LEAST`, target positions of `TAUGHT`."""
NARROWEST, UNIT = 512, 128
"""The least width of the rows of several adapters; widths are multiples of `UNIT`."""

Part = list[tuple[int, list[int]]]
"""The rows of a pass: the number of an adapter, and examples of its plan."""
Chosen = Mapping[int, Sequence[int]]
"""The examples of a step, by the number of the adapter that learns from them."""


@dataclass(frozen=True, slots=True)
class Shape:
    """The size of a pass: tokens, positions with a target, and spans, which are attended separately."""

    tokens: int
    taught: int
    spans: int


@dataclass(frozen=True)
class Layout:
    """Lays out the steps of plans in passes of at most `pass_tokens` tokens; a longer example has its own."""

    plans: Sequence[TrainingPlan]
    pass_tokens: int
    packed: dict[tuple[int, tuple[int, ...]], list[list[int]]] = field(default_factory=dict)

    @cached_property
    def longest(self) -> int:
        """The tokens of the longest example."""
        return max(max(plan.lengths) for plan in self.plans)

    @cached_property
    def width(self) -> int | None:
        """The tokens of a row if several adapters learn, else None."""
        return None if len(self.plans) == 1 else max(NARROWEST, up(self.longest, UNIT))

    def passes(self, chosen: Chosen) -> list[Part]:
        """Cut the examples of a step into passes; rows of an adapter stay together."""
        if self.width is None:
            cut = passes(self.plans[0].lengths, chosen[0], self.pass_tokens)
            return [[(0, part)] for part in cut]
        rows = [(adapter, row) for adapter in sorted(chosen) for row in self._rows(adapter, chosen[adapter])]
        count = -(-len(rows) // max(1, self.pass_tokens // self.width))
        size = -(-len(rows) // count)
        return [rows[at : at + size] for at in range(0, len(rows), size)]

    def _rows(self, adapter: int, examples: Sequence[int]) -> list[list[int]]:
        """Pack the examples of a step into rows; each step is packed once."""
        key = adapter, tuple(examples)
        if key not in self.packed:
            lengths = self.plans[adapter].lengths
            self.packed[key] = batches.rows(lengths, examples, packs=True, width=self.width)
        return self.packed[key]

    def tokens(self, part: Part, unit: int = 1) -> int:
        """Return the tokens of a pass, rounded up to a multiple of a unit.

        A pass of several adapters has at least two rows, because torch compiles a single row separately.
        """
        if self.width is None:
            return up(self._used(*part[0]), unit)
        return up(max(2, len(part)) * self.width, unit)

    def _used(self, adapter: int, row: Sequence[int]) -> int:
        return sum(self.plans[adapter].lengths[one] for one in row)

    def shape(self, part: Part, tokens: int) -> Shape:
        """Return the smallest shape with this number of tokens that holds a pass."""
        width = self.width or tokens
        free = [width - self._used(*row) for row in part] + [width] * (tokens // width - len(part))
        taught = sum(len(self.plans[adapter].encoded[one][1]) for adapter, row in part for one in row)
        spans = sum(len(row) for _, row in part) + sum(-(-one // self.longest) for one in free)
        return Shape(tokens, up(taught, TAUGHT), spans)

    def shapes(self, steps: Iterable[Chosen]) -> dict[Shape, Part]:
        """Return at most `SHAPES` shapes that hold all passes of some steps, each with one of its passes."""
        cut = [part for step in steps for part in self.passes(step)]
        unit = self.width or LEAST
        while len({self.tokens(part, unit) for part in cut}) > SHAPES:
            unit *= 2
        found: dict[int, tuple[Shape, Part]] = {}
        for part in cut:
            one = self.shape(part, self.tokens(part, unit))
            before, _ = found.get(one.tokens, (one, part))
            most = Shape(one.tokens, max(one.taught, before.taught), max(one.spans, before.spans))
            found[one.tokens] = most, part
        return dict(found.values())

    def fitting(self, part: Part, shapes: Iterable[Shape]) -> Shape:
        """Return the smallest of some shapes that holds a pass, or a new shape if none does."""
        needed = self.tokens(part)
        for shape in sorted(shapes, key=lambda shape: shape.tokens):
            if shape.tokens >= needed:
                least = self.shape(part, shape.tokens)
                if shape.taught >= least.taught and shape.spans >= least.spans:
                    return shape
        return self.shape(part, self.tokens(part, self.width or LEAST))

    def flat(self, part: Part, shape: Shape, pad: int) -> list[int]:
        """Return a pass as one list: the parts of `sizes`, in their order.

        Padding forms spans too, and unused spans are empty; neither has targets.
        """
        ids: list[int] = []
        places: list[int] = []
        taught: list[int] = []
        following: list[int] = []
        taught_by: list[int] = []
        ends, width = [0], self.width or shape.tokens
        rows = [*part, *[(0, list[int]())] * (shape.tokens // width - len(part))]
        for row, (adapter, examples) in enumerate(rows, start=1):
            for prompt, target in (self.plans[adapter].encoded[one] for one in examples):
                first = len(ids) + len(prompt) - 1
                ids += prompt + target
                places += range(len(prompt) + len(target))
                taught += range(first, first + len(target))
                following += target
                taught_by += [adapter] * len(target)
                ends.append(len(ids))
            while ends[-1] < row * width:
                more = min(self.longest, row * width - ends[-1])
                places += range(more)
                ends.append(ends[-1] + more)
            ids += [pad] * (row * width - len(ids))
        left = [0] * (shape.taught - len(taught))
        following += [IGNORED] * len(left)
        ends += [shape.tokens] * (shape.spans + 1 - len(ends))
        return [
            *ids,
            *places,
            *taught,
            *left,
            *following,
            *taught_by,
            *left,
            *ends,
            *(one for one, _ in rows),
        ]

    def sizes(self, shape: Shape) -> dict[str, int]:
        """Return the sizes of the parts of a flat pass.

        They are the tokens and their positions; the positions with a target, the target of each and the
        adapter that learns it; the boundaries of spans; and the adapter of each row.
        """
        taught = dict.fromkeys(("taught", "next", "taught_by"), shape.taught)
        rows = shape.tokens // (self.width or shape.tokens)
        return {"ids": shape.tokens, "places": shape.tokens, **taught, "ends": shape.spans + 1, "rows": rows}


def passes(lengths: Sequence[int], chosen: Sequence[int], pass_tokens: int) -> list[list[int]]:
    """Cut the examples of a step, in order, into passes of at most `pass_tokens` tokens where they fit.

    >>> passes([5, 4, 3, 9], [0, 1, 2, 3], 9)
    [[0, 1], [2], [3]]
    """
    cut: list[list[int]] = [[]]
    for one in chosen:
        if cut[-1] and sum(lengths[other] for other in cut[-1]) + lengths[one] > pass_tokens:
            cut.append([])
        cut[-1].append(one)
    return cut


def up(size: int, unit: int) -> int:
    """Return the least multiple of a unit that is no less than a size."""
    return -(-size // unit) * unit
