"""Stories about things that somebody collects, bakes or picks."""

from thoughtmill.factory.problems.stories.money import PURSE, PURSE_SLOTS
from thoughtmill.factory.problems.stories.parts import Move, Template, cents, opening, pick, pool, span
from thoughtmill.factory.problems.stories.things import (
    ADD,
    FRACTION,
    GROUPS_RULE,
    LEFT_OVER,
    PACK,
    SELL,
    SHARE,
    SUM_RULE,
    TAKE_AWAY,
    THINGS,
    TIMES_RULE,
)

CHEAP = {"price": cents(1, 3)}

MARBLES = Template(
    "marbles",
    opening(
        "groups",
        "things",
        {"groups": span(3, 12), "group_size": span(4, 20)},
        (
            "{who} has {groups box}. There are {group_size thing} in each {box}.",
            "There are {group_size thing} in {a box}, and {who} has {#groups} such {+box}.",
            "{who} owns {groups box} of {+thing} with {group_size thing} in each.",
        ),
        (Move("things", "groups * group_size", "The {groups box} hold {= thing}.", GROUPS_RULE),),
        ("How many {+thing} does {who} have?", "How many {+thing} are there in all?"),
    ),
    THINGS + PURSE,
    {
        "thing": ("marble", "bead", "button", "toy soldier"),
        "box": ("bag", "box", "jar", "tin"),
        "pack": ("sack", "tube", "case"),
        **PURSE_SLOTS,
    },
    ("{who}'s little sister is {#idle} years old.", "{pal} lives {idle house} down the street."),
)
STICKERS = Template(
    "stickers",
    opening(
        "have",
        "things",
        {"items": span(12, 150)},
        (
            "{who} has {items thing} in {his} album.",
            "There are {items thing} in {who}'s album.",
            "{who} has collected {items thing} so far.",
        ),
    ),
    THINGS + PURSE,
    {
        "thing": ("sticker", "stamp", "postcard", "trading card"),
        "pack": ("envelope", "folder", "sleeve"),
        **PURSE_SLOTS,
    },
    ("The album has {#idle} empty pages at the end.", "{who} started the album {#idle} years ago."),
    start="items",
)
SHELLS = Template(
    "shells",
    opening(
        "sum",
        "things",
        {"saturday": span(5, 60), "sunday": span(5, 60)},
        (
            "{who} finds {saturday thing} on Saturday and {sunday thing} on Sunday.",
            "On Saturday {who} finds {saturday thing} at the beach. On Sunday {he} finds {sunday thing}.",
            "On a weekend by the sea {who} gathers {saturday thing} on the first day and {#sunday} on the"
            " second.",
        ),
        (Move("found", "saturday + sunday", "Both days give {= thing}.", SUM_RULE),),
        ("How many {+thing} does {who} find in all?", "How many {+thing} does {who} find on the two days?"),
    ),
    THINGS + PURSE,
    {"thing": ("seashell", "smooth stone", "pebble"), "pack": ("box", "bag", "jar"), **PURSE_SLOTS},
    ("The beach is {#idle} kilometres from {who}'s home.", "{who} is at the beach with {#idle} relatives."),
)
COOKIES = Template(
    "cookies",
    opening(
        "groups",
        "things",
        {"trays": span(2, 9), "tray_size": pick(6, 8, 9, 12, 15, 16)},
        (
            "{who} bakes {trays tray} of {+thing} with {#tray_size} on each tray.",
            "For the school fair {who} bakes {+thing}: {trays tray} with {tray_size thing} on each.",
        ),
        (Move("baked", "trays * tray_size", "The {trays tray} hold {= thing}.", GROUPS_RULE),),
        ("How many {+thing} does {who} bake?", "How many {+thing} are there on the trays?"),
    ),
    pool(
        (
            TAKE_AWAY.told(
                "{who}'s guests eat {gone thing}.",
                "{#gone} of {who}'s {+thing} are burnt and thrown away.",
                "{who}'s family eats {gone thing}.",
            ),
            SELL.told(*SELL.texts, draws=CHEAP),
        ),
        *THINGS,
        *PURSE,
    ),
    {"thing": ("cookie", "muffin", "cupcake", "scone"), "pack": ("box", "bag", "tin"), **PURSE_SLOTS},
    ("The oven takes {#idle} minutes to heat up.", "{who} uses {#idle} spoons of sugar."),
)
ORCHARD = Template(
    "orchard",
    opening(
        "groups",
        "things",
        {"trees": span(3, 25), "a_tree": span(6, 40)},
        (
            "{who} picks {a_tree thing} from each of {trees tree}.",
            "There are {trees tree} in {who}'s garden. {He} picks {a_tree thing} from each of them.",
        ),
        (Move("picked", "trees * a_tree", "The {trees tree} give {= thing}.", GROUPS_RULE),),
        ("How many {+thing} does {who} pick?", "How many {+thing} are picked in all?"),
    ),
    pool(
        (
            TAKE_AWAY.told(
                "{#gone} of {who}'s {+thing} are rotten and thrown away.",
                "{who}'s family eats {gone thing}.",
                "Birds eat {#gone} of {who}'s {+thing}.",
                asks=("How many {+thing} are left?", "How many {+thing} remain?"),
            ),
            SELL.told(*SELL.texts, draws=CHEAP),
            FRACTION.told(
                "{who} makes jam from {#numerator}/{#denominator} of {his} {+thing}.",
                "Then {who} gives {#numerator}/{#denominator} of {his} {+thing} to the neighbours.",
            ),
        ),
        *THINGS,
        *PURSE,
    ),
    {"thing": ("apple", "pear", "peach", "plum"), "pack": ("crate", "basket", "box"), **PURSE_SLOTS},
    ("The oldest tree is {#idle} metres tall.", "{who}'s house has {#idle} windows that look at the garden."),
)
CARDS = Template(
    "two_friends_cards",
    opening(
        "times",
        "things",
        {"pals": span(4, 40), "times_pal": span(3, 6)},
        (
            "{pal} has {pals thing}. {who} has {#times_pal} times as many.",
            "{who} has {#times_pal} times as many {+thing} as {pal}, who has {#pals}.",
        ),
        (Move("own", "pals * times_pal", "{who} has {= thing}.", TIMES_RULE),),
        ("How many {+thing} does {who} have?",),
    ),
    pool(
        (
            ADD.told(
                "Then {who} finds {#more} more {+thing} in the attic.",
                "{who} gets {#more} more {+thing} on {his} birthday.",
            ),
        ),
        *THINGS,
        *PURSE,
    ),
    {
        "thing": ("picture book", "toy car", "model plane", "doll"),
        "pack": ("box", "bag", "crate"),
        **PURSE_SLOTS,
    },
    ("{who} and {pal} have known each other for {#idle} years.",),
)
EGGS = Template(
    "eggs",
    opening(
        "dozens",
        "things",
        {"dozens": span(2, 20)},
        (
            "{who} collects {#dozens} dozen eggs from {his} hens.",
            "The hens on {who}'s farm lay {#dozens} dozen eggs.",
        ),
        (
            Move(
                "eggs",
                "dozens * 12",
                "{#dozens} dozen are {=} eggs.",
                "A dozen is twelve, so the number of things is the number of dozens times twelve.",
            ),
        ),
        ("How many eggs is that?", "How many eggs are there?"),
    ),
    (
        ADD.told("{pal} brings {#more} more eggs.", "Later {who} finds {#more} more eggs in the straw."),
        TAKE_AWAY.told(
            "{#gone} of {who}'s eggs are cracked and thrown away.", "{who} uses {gone egg} in the kitchen."
        ),
        PACK,
        LEFT_OVER,
        SHARE.told(
            "{who} divides {his} eggs equally among {friends neighbour}.",
            asks=("How many eggs does each neighbour get?",),
        ),
    ),
    {"thing": ("egg",), "pack": ("carton", "tray")},
    ("The farm has {#idle} cows as well.", "The hen house is {#idle} metres long."),
    reserved=True,
)
NECKLACES = Template(
    "necklaces",
    opening(
        "two_groups",
        "things",
        {"long": span(2, 9), "long_size": span(20, 50, 5), "short": span(2, 9), "short_size": span(8, 18)},
        (
            "{who} makes {long long necklace} with {long_size thing} each and {short short necklace} with"
            " {short_size thing} each.",
            "A long necklace takes {long_size thing} and a short one takes {#short_size}. {who} makes"
            " {#long} long and {#short} short necklaces.",
        ),
        (
            Move("in_long", "long * long_size", "The long ones take {= thing}.", GROUPS_RULE),
            Move("in_short", "short * short_size", "The short ones take {= thing}.", GROUPS_RULE),
            Move("used", "in_long + in_short", "Together they take {= thing}.", SUM_RULE),
        ),
        ("How many {+thing} does {who} need?", "How many {+thing} are needed in all?"),
    ),
    (),
    {"thing": ("bead", "pearl", "glass bead")},
    ("{who} works for {#idle} hours that day.", "The necklaces come in {#idle} colours."),
)
COLLECTING = (MARBLES, STICKERS, SHELLS, COOKIES, ORCHARD, CARDS, EGGS, NECKLACES)
