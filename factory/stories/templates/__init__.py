"""The registry of templates: adding one to its group adds it to the set."""

from factory.stories.parts import Template
from factory.stories.templates.averaging import AVERAGING
from factory.stories.templates.collecting import COLLECTING
from factory.stories.templates.comparing import COMPARING
from factory.stories.templates.converting import CONVERTING
from factory.stories.templates.earning import EARNING
from factory.stories.templates.gathering import GATHERING
from factory.stories.templates.measuring import MEASURING
from factory.stories.templates.practising import PRACTISING
from factory.stories.templates.riddles import RIDDLES
from factory.stories.templates.shopping import SHOPPING
from factory.stories.templates.sums import SUMS
from factory.stories.templates.travelling import TRAVELLING
from factory.stories.templates.two_kinds import TWO_KINDS

TEMPLATES: tuple[Template, ...] = (
    *COLLECTING,
    *SHOPPING,
    *EARNING,
    *TRAVELLING,
    *PRACTISING,
    *GATHERING,
    *CONVERTING,
    *MEASURING,
    *AVERAGING,
    *TWO_KINDS,
    *SUMS,
    *COMPARING,
    *RIDDLES,
)
