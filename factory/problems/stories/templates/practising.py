"""Stories about doing something every day: drawings, minutes of practice, laps, pages."""

from thoughtmill.factory.problems.stories.money import PURSE, PURSE_SLOTS
from thoughtmill.factory.problems.stories.parts import Move, Step, Template, below, of, opening, pick, span
from thoughtmill.factory.problems.stories.things import GAIN_RULE, LOSS_RULE, THINGS

DAILY = Template(
    "daily_drawings",
    opening(
        "rate",
        "things",
        {"a_day": span(2, 12), "days": span(3, 20)},
        (
            "{who} makes {a_day thing} a day for {days day}.",
            "Every day for {days day}, {who} makes {a_day thing}.",
            "For {days day} {who} makes {#a_day} {+thing} each day.",
        ),
        (
            Move(
                "made",
                "a_day * days",
                "In {days day} that is {= thing}.",
                "A total is the amount for one day times the number of days.",
            ),
        ),
        ("How many {+thing} does {who} make?", "How many {+thing} does {who} make in that time?"),
    ),
    THINGS + PURSE,
    {
        "thing": ("drawing", "paper crane", "bracelet", "clay bowl"),
        "pack": ("box", "drawer", "case"),
        **PURSE_SLOTS,
    },
    ("{who} learned this {#idle} months ago.", "{who}'s desk is {#idle} years old."),
)
HOMEWORK = Template(
    "practice",
    opening(
        "rate",
        "minutes",
        {"a_day": span(15, 60, 5), "days": span(2, 14)},
        (
            "{who} practises the {instrument} for {a_day minute} a day on {days day}.",
            "On {days day} {who} practises the {instrument}, {a_day minute} each day.",
        ),
        (
            Move(
                "minutes",
                "a_day * days",
                "In {days day} that is {= minute}.",
                "A total is the amount for one day times the number of days.",
            ),
        ),
        ("How many minutes does {who} practise?", "How many minutes of practice is that?"),
    ),
    (
        Step(
            "add",
            "minutes",
            "minutes",
            {"lesson": span(30, 90, 15)},
            (
                "{who} also plays in a lesson of {lesson minute}.",
                "Then {who} plays for another {lesson minute} in a lesson.",
            ),
            (Move("with_lesson", "it + lesson", "With the lesson it is {= minute}.", GAIN_RULE),),
            ("How many minutes does {who} play in all?",),
        ),
        Step(
            "take_away",
            "minutes",
            "minutes",
            {"pause": below("it", 5, 40)},
            (
                "{who} spends {pause minute} of the whole time on pauses.",
                "{pause minute} of the whole time are pauses.",
            ),
            (
                Move(
                    "real",
                    "it - pause",
                    "Without pauses it is {= minute}.",
                    "What is left is the amount before minus the amount taken away.",
                ),
            ),
            ("How many minutes does {who} really play?",),
        ),
        Step(
            "convert",
            "minutes",
            "hours",
            {},
            (
                "{who} notes {his} playing time in hours.",
                "Then {who} writes {his} playing time down in hours.",
            ),
            (
                Move(
                    "hours",
                    "it / 60",
                    "In hours that is {=}.",
                    "An hour is sixty minutes, so hours are minutes divided by sixty.",
                    low=1,
                    unit=4,
                ),
            ),
            ("How many hours is that?", "How many hours does {who} write down?"),
        ),
    ),
    {"instrument": ("piano", "violin", "flute", "guitar")},
    ("{who} has played for {#idle} years.", "The teacher lives {#idle} streets away."),
)
LAPS = Template(
    "laps",
    opening(
        "rate",
        "metres",
        {"laps": span(3, 15), "lap": pick(200, 250, 300, 400, 500)},
        (
            "{who} runs {laps lap} of {lap metre} each.",
            "One lap of the track is {lap metre} long. {who} runs {laps lap}.",
        ),
        (
            Move(
                "metres",
                "laps * lap",
                "The {laps lap} are {= metre}.",
                "The total of equal groups is the number of groups times the size of one group.",
                high=7500,
            ),
        ),
        ("How many metres does {who} run?",),
    ),
    (
        Step(
            "take_away",
            "metres",
            "metres",
            {"walked": span(100, 600, 100)},
            ("{who} walks {walked metre} of the way and runs the rest.",),
            (
                Move(
                    "run",
                    "it - walked",
                    "Without walking it is {= metre}.",
                    "What is left is the amount before minus the amount taken away.",
                    low=500,
                    high=7500,
                ),
            ),
            ("How many metres does {who} really run?",),
        ),
        Step(
            "convert",
            "metres",
            "kilometres",
            {},
            ("{who} writes down how far {he} has run, in kilometres.",),
            (
                Move(
                    "kilometres",
                    "it / 1000",
                    "In kilometres that is {=}.",
                    "A kilometre is one thousand metres, so kilometres are metres divided by one thousand.",
                    low=1,
                    unit=20,
                ),
            ),
            ("How many kilometres is that?", "What number of kilometres does {who} write down?"),
        ),
    ),
    {},
    ("The track is {#idle} years old.", "{#idle} other children are at the track."),
)
READING = Template(
    "reading",
    opening(
        "rate",
        "pages",
        {"a_day": span(8, 40), "days": span(2, 12)},
        (
            "{who} reads {a_day page} of {a book} each day for {days day}.",
            "For {days day} {who} reads {a_day page} a day in {a book}.",
        ),
        (
            Move(
                "read",
                "a_day * days",
                "In {days day} that is {= page}.",
                "A total is the amount for one day times the number of days.",
            ),
        ),
        ("How many pages does {who} read?",),
    ),
    (
        Step(
            "add",
            "pages",
            "pages",
            {"weekend": span(10, 60)},
            (
                "At the weekend {who} reads {#weekend} more pages.",
                "Then {who} reads another {weekend page} on Sunday.",
            ),
            (
                Move(
                    "read_now",
                    "it + weekend",
                    "That makes {= page}.",
                    "The amount after a gain is the amount before plus the amount gained.",
                ),
            ),
            ("How many pages has {who} read then?",),
        ),
        Step(
            "goal",
            "pages",
            "rest",
            {"_rest": span(12, 150), "book_pages": of("it + _rest")},
            ("The whole book has {book_pages page}.",),
            (Move("unread", "book_pages - it", "Unread are {= page}.", LOSS_RULE),),
            ("How many pages are still unread?", "How many pages does {who} still have to read?"),
        ),
        Step(
            "days_to_finish",
            "pages",
            "days",
            {"_left": span(2, 9), "new_pace": span(10, 30), "book_pages": of("it + _left * new_pace")},
            ("The book has {book_pages page}, and from now on {who} reads {new_pace page} a day.",),
            (
                Move("unread", "book_pages - it", "Unread are {= page}.", LOSS_RULE),
                Move(
                    "days_left",
                    "unread / new_pace",
                    "That takes {= day}.",
                    "The time is the amount divided by the amount per unit of time.",
                ),
            ),
            ("How many more days does {who} need to finish the book?",),
        ),
    ),
    {"book": ("novel", "detective story", "book about the sea", "history book")},
    ("The book was printed {#idle} years ago.", "{who} has {#idle} other books on {his} desk."),
)
PRACTISING = (DAILY, HOMEWORK, LAPS, READING)
