"""Stories about groups of people: whole people, who come, go, sit down and travel."""

from thoughtmill.factory.problems.stories.parts import (
    Move,
    Template,
    below,
    opening,
    percent,
    pick,
    pool,
    span,
)
from thoughtmill.factory.problems.stories.people import (
    ARRIVE,
    LAST_TABLE,
    LEAVE,
    PART,
    PEOPLE,
    SHARE_OF,
    TABLES,
    TEAMS,
    WAYS,
)
from thoughtmill.factory.problems.stories.things import GAIN_RULE, GROUPS_RULE, LOSS_RULE, SUM_RULE

HALL = Template(
    "concert_hall",
    opening(
        "groups",
        "people",
        {"rows": span(4, 20), "seats": span(8, 25)},
        ("A school hall has {rows row} of {seats seat}, and every seat is taken by {a guest}.",),
        (Move("people", "rows * seats", "The {rows row} seat {= guest}.", GROUPS_RULE),),
        ("How many {+guest} are there?",),
    ),
    (ARRIVE, LEAVE, PART, SHARE_OF, TEAMS),
    {"guest": ("student", "pupil", "child|children"), **WAYS},
    ("The concert lasts {#idle} times as long as a school lesson.", "The hall has {#idle} doors."),
)
PARTY = Template(
    "party",
    opening(
        "sum",
        "people",
        {"family": span(8, 30), "school_friends": span(5, 40), "neighbours": span(3, 20)},
        (
            "{who} invites {#family} relatives, {#school_friends} school friends and {#neighbours}"
            " neighbours to a party, and all of them come.",
            "Everybody whom {who} invites comes to the party: {#family} relatives, {#school_friends}"
            " friends from school and {#neighbours} neighbours.",
        ),
        (Move("invited", "family + school_friends + neighbours", "Together that is {= guest}.", SUM_RULE),),
        ("How many {+guest} come?", "How many {+guest} are at the party?"),
    ),
    PEOPLE,
    {"guest": ("guest",), **WAYS},
    ("There are {idle balloon} in the garden.", "There are {#idle} kinds of cake."),
)
SCHOOL = Template(
    "school_trip",
    opening(
        "groups_plus",
        "people",
        {"classes": span(2, 6), "class_size": span(18, 30), "teachers": span(3, 12)},
        (
            "{classes school class} of {class_size child|children} each and {#teachers} teachers go on a"
            " trip together.",
            "On a school trip there are {#teachers} teachers and {classes class} of {class_size"
            " child|children} each.",
        ),
        (
            Move("pupils", "classes * class_size", "The classes have {= child|children}.", GROUPS_RULE),
            Move("travellers", "pupils + teachers", "With the teachers that is {= guest}.", SUM_RULE),
        ),
        ("How many {+guest} are there?", "How many {+guest} go on the trip?"),
    ),
    pool(
        (
            LEAVE.told("Then {leaving guest} fall ill and go home."),
            TABLES.told(
                "All {+guest} there are now travel in vans for {#pack_size}, filling one after the other.",
                asks=("How many vans are full?",),
            ),
        ),
        *PEOPLE,
    ),
    {"guest": ("traveller",), **WAYS},
    ("The trip lasts {#idle} hours.", "The museum has {#idle} rooms."),
)
BUS = Template(
    "bus",
    opening(
        "change",
        "people",
        {"riding": span(12, 50), "off": below("riding", 2, 20), "on": span(2, 20)},
        (
            "There are {riding guest} on {a bus}. At a stop {#off} get off and {#on} get on.",
            "{a bus} carries {riding guest}. At the next stop {#on} people get on after {#off} have got off.",
        ),
        (
            Move("after_off", "riding - off", "After some get off there are {=}.", LOSS_RULE),
            Move("aboard", "after_off + on", "After some get on there are {=}.", GAIN_RULE),
        ),
        ("How many {+guest} are on board then?", "How many {+guest} are there after the stop?"),
    ),
    (
        ARRIVE.told("At the station {#arriving} more {+guest} get on."),
        PART.told(
            "At the next stop {#numerator}/{#denominator} of the {+guest} get off.",
            asks=("How many {+guest} stay on board?",),
        ),
        SHARE_OF,
        LEAVE.told(
            "Then {leaving guest} get off at the market.", asks=("How many {+guest} are left on board?",)
        ),
    ),
    {"guest": ("passenger",), "bus": ("bus", "tram", "ferry"), **WAYS},
    ("The driver has worked for {#idle} years.", "The ride takes {#idle} minutes."),
)
CLUB = Template(
    "club",
    opening(
        "percent_growth",
        "people",
        {"members": span(20, 300, 10), "growth": percent("members", 5, 40)},
        (
            "A {club} has {members guest}. In one year their number grows by {#growth}%.",
            "There are {members guest} in a {club}, and a year later there are {#growth}% more.",
        ),
        (
            Move(
                "gained",
                "members * growth / 100",
                "The growth is {= guest}.",
                "A percentage of an amount is the amount times the percentage divided by one hundred.",
            ),
            Move("grown", "members + gained", "That makes {= guest}.", GAIN_RULE),
        ),
        ("How many {+guest} are there after that year?",),
    ),
    (
        ARRIVE.told("Then {#arriving} more {+guest} join."),
        LEAVE.told("Then {leaving guest} move away and leave the {club}."),
        SHARE_OF.told("{#percent}% of all {+guest} there are now {mark}."),
        TEAMS,
        TABLES,
        LAST_TABLE,
    ),
    {"guest": ("member",), "club": ("chess club", "swimming club", "choir", "hiking club"), **WAYS},
    ("The members meet on {#idle} evenings a month.", "The {club} was founded by {#idle} friends."),
)
THEATRE = Template(
    "two_shows",
    opening(
        "times_plus",
        "people",
        {"friday": span(20, 120), "factor": pick(3, 4)},
        (
            "On Friday {friday guest} come to a {play}. On Saturday {#factor} times as many come.",
            "A {play} has {friday guest} on Friday and {#factor} times as many on Saturday.",
        ),
        (
            Move(
                "saturday",
                "friday * factor",
                "On Saturday there are {=}.",
                "A number of times as many is the amount multiplied by that number.",
            ),
            Move("audience", "friday + saturday", "Both days together have {= guest}.", SUM_RULE),
        ),
        ("How many {+guest} come on the two days together?",),
    ),
    (
        SHARE_OF.told(
            "{#percent}% of the {+guest} of both days {mark}.", asks=("How many {+guest} {mark} in all?",)
        ),
    ),
    {"guest": ("visitor", "spectator"), "play": ("play", "puppet show", "concert"), **WAYS},
    ("The tickets are sold at {#idle} shops.", "{#idle} actors are on stage."),
    reserved=True,
)
GATHERING = (HALL, PARTY, SCHOOL, BUS, CLUB, THEATRE)
