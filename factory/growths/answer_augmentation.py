"""Growth `answer_augmentation`: more samples of each thought of a problem (MetaMath, arXiv 2309.12284).

It makes no problem. The temperature is MetaMath's, whatever the first samples had.
"""

from collections.abc import Iterator
from random import Random

from thoughtmill.factory.growths import Barren, Child, Parent
from thoughtmill.factory.solvers.solvers import Solvers

ASKS = True
SAMPLING = {"temperature": 0.7}


def grow(parent: Parent, count: int, random: Random, solvers: Solvers) -> Iterator[Child | Barren]:
    """Yield a child for each further sample."""
    for _ in range(count):
        yield Child(asks=True)
