"""The registry of templates: adding one to its group adds it to the set."""

from thoughtmill.factory.problems.stories.parts import Template
from thoughtmill.factory.problems.stories.templates.averaging import AVERAGING
from thoughtmill.factory.problems.stories.templates.collecting import COLLECTING
from thoughtmill.factory.problems.stories.templates.comparing import COMPARING
from thoughtmill.factory.problems.stories.templates.converting import CONVERTING
from thoughtmill.factory.problems.stories.templates.earning import EARNING
from thoughtmill.factory.problems.stories.templates.gathering import GATHERING
from thoughtmill.factory.problems.stories.templates.measuring import MEASURING
from thoughtmill.factory.problems.stories.templates.practising import PRACTISING
from thoughtmill.factory.problems.stories.templates.riddles import RIDDLES
from thoughtmill.factory.problems.stories.templates.shopping import SHOPPING
from thoughtmill.factory.problems.stories.templates.sums import SUMS
from thoughtmill.factory.problems.stories.templates.travelling import TRAVELLING
from thoughtmill.factory.problems.stories.templates.two_kinds import TWO_KINDS

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
