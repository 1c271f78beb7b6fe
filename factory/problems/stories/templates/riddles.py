"""Stories with one unknown number, found by undoing what was done to it or by counting what is missing."""

from thoughtmill.factory.problems.stories.parts import Move, Step, Template, of, opening, percent, pick, span
from thoughtmill.factory.problems.stories.things import DIFFERENCE_RULE, LOSS_RULE

UNDO_ADD = "What was added is undone by taking it away."
UNDO_TIMES = "What was multiplied is undone by dividing."
THINK = Template(
    "think_of_a_number",
    opening(
        "undo",
        "number",
        {
            "_number": span(2, 40),
            "factor": span(2, 9),
            "plus": span(2, 60),
            "result": of("_number * factor + plus"),
        },
        (
            "{who} thinks of a number, multiplies it by {#factor} and adds {#plus}. The result is {#result}.",
            "If {who}'s number is multiplied by {#factor} and {#plus} is added, the result is {#result}.",
        ),
        (
            Move("before_adding", "result - plus", "Before adding it was {=}.", UNDO_ADD),
            Move("number", "before_adding / factor", "The number is {=}.", UNDO_TIMES),
        ),
        ("What is {who}'s number?", "Find {who}'s number."),
    ),
    (
        Step(
            "times",
            "number",
            "other",
            {"other_factor": span(3, 9)},
            ("{pal}'s number is {#other_factor} times as large as {who}'s number.",),
            (
                Move(
                    "pals",
                    "it * other_factor",
                    "{pal}'s number is {=}.",
                    "A number of times as many is the amount multiplied by that number.",
                ),
            ),
            ("What is {pal}'s number?",),
        ),
        Step(
            "goal",
            "number",
            "gap",
            {"_to_go": span(3, 60), "aim": of("it + _to_go")},
            ("{pal} thinks of {#aim}.",),
            (Move("apart", "aim - it", "The numbers differ by {=}.", DIFFERENCE_RULE),),
            ("How much larger is {pal}'s number than {who}'s number?",),
        ),
    ),
    {},
    ("They have played this game {#idle} times.",),
    ("number * factor + plus = result",),
)
CONSECUTIVE = Template(
    "consecutive_pages",
    opening(
        "consecutive",
        "middle",
        {"_middle": span(4, 150), "total": of("_middle * 3")},
        (
            "The numbers of three {+thing} in a row are consecutive and add up to {#total}.",
            "Three {+thing} in a row have consecutive numbers. The sum of the three numbers is {#total}.",
        ),
        (
            Move(
                "middle",
                "total / 3",
                "The middle number is {=}.",
                "The middle of three consecutive numbers is a third of their sum.",
            ),
        ),
        ("What is the middle number?",),
    ),
    (
        Step(
            "add",
            "middle",
            "largest",
            {},
            ("{who} looks at the largest of the three numbers.",),
            (Move("largest", "it + 1", "The largest number is {=}.", "The next number is one more."),),
            ("What is the largest number?", "Which number does {who} look at?"),
        ),
        Step(
            "take_away",
            "middle",
            "smallest",
            {},
            ("{who} looks at the smallest of the three numbers.",),
            (Move("smallest", "it - 1", "The smallest number is {=}.", "The number before is one less."),),
            ("What is the smallest number?", "Which number does {who} look at?"),
        ),
    ),
    {"thing": ("page", "house", "locker", "ticket")},
    ("{who} is {#idle} years old.",),
    ("(middle - 1) + middle + (middle + 1) = total",),
)
BEFORE_SALE = Template(
    "price_before_sale",
    opening(
        "undo_percent",
        "full price",
        {
            "_full": span(20, 400, 10),
            "percent": percent("_full", 10, 60),
            "paid": of("_full - _full * percent / 100"),
        },
        (
            "In a sale everything is {#percent}% cheaper. {who} pays {$paid} for {a ware}.",
            "{who} buys {a ware} for {$paid} after a discount of {#percent}%.",
        ),
        (
            Move(
                "remaining",
                "100 - percent",
                "Paid is {=} percent of the price.",
                "After a discount the part that is paid is one hundred percent minus the discount.",
            ),
            Move(
                "full_price",
                "paid * 100 / remaining",
                "The full price is {=} dollars.",
                "The whole is the part times one hundred divided by its percentage.",
            ),
        ),
        (
            "What was the price before the sale, in dollars?",
            "How many dollars did the {ware} cost before the discount?",
        ),
    ),
    (
        Step(
            "take_away",
            "full price",
            "saved",
            {},
            ("{who} is glad about what {he} saves.",),
            (Move("saved", "it - paid", "Saved are {=} dollars.", LOSS_RULE),),
            ("How many dollars does {who} save?", "How much money does {who} save?"),
        ),
    ),
    {"ware": ("coat", "lamp", "suitcase", "desk", "pair of boots|pairs of boots")},
    ("The shop closes in {#idle} hours.",),
    ("full_price - full_price * percent / 100 = paid",),
)
QUIZ = Template(
    "quiz",
    opening(
        "right_wrong",
        "right",
        {
            "_right": span(4, 25),
            "_wrong": span(2, 12),
            "plus": span(3, 6),
            "minus": pick(1, 2),
            "asked": of("_right + _wrong"),
            "score": of("_right * plus - _wrong * minus"),
        },
        (
            "A quiz gives {plus point} for each right answer and takes away {minus point} for each wrong"
            " one. {who} answers {asked question} and scores {score point}.",
        ),
        (
            Move(
                "best",
                "asked * plus",
                "All right would be {= point}.",
                "The best score is the number of answers times the points for a right one.",
            ),
            Move("lost", "best - score", "So {=} points are missing.", DIFFERENCE_RULE),
            Move(
                "lost_each",
                "plus + minus",
                "Each wrong answer costs {=} points.",
                "A wrong answer loses the points it could have earned and the points taken away.",
            ),
            Move(
                "wrong",
                "lost / lost_each",
                "So {=} answers are wrong.",
                "The number of losses is the total loss divided by one loss.",
            ),
        ),
        ("How many of the answers are wrong?", "How many questions does {who} answer wrongly?"),
    ),
    (
        Step(
            "rest",
            "right",
            "other",
            {},
            ("{who} is proud of the right answers.",),
            (
                Move(
                    "right",
                    "asked - it",
                    "That leaves {=} right answers.",
                    "The other part is the whole minus the known part.",
                ),
            ),
            ("How many answers are right?", "How many questions does {who} answer correctly?"),
        ),
    ),
    {},
    ("The quiz takes {#idle} minutes.",),
    ("right + wrong = asked", "plus * right - minus * wrong = score"),
    reserved=True,
)
RIDDLES = (THINK, CONSECUTIVE, BEFORE_SALE, QUIZ)
