"""Stories about earning, saving and spending money."""

from dataclasses import replace

from thoughtmill.factory.problems.stories.money import (
    CHANGE_LEFT,
    DONATE,
    GIFT,
    JARS,
    PURSE,
    PURSE_SLOTS,
    SPEND,
)
from thoughtmill.factory.problems.stories.parts import Move, Template, of, opening, span
from thoughtmill.factory.problems.stories.things import SUM_RULE

PAY_RULE = "What is earned is the amount for one unit of work times the number of units."
SAVED_RULE = "The amount after regular savings is the amount per week times the number of weeks."

HOURLY = Template(
    "hourly_job",
    opening(
        "rate",
        "purse",
        {"wage": span(8, 25), "hours": span(2, 12)},
        (
            "{who} helps in {place} and earns {$wage} an hour. {He} works {hours hour}.",
            "{who} works for {hours hour} in {place}. The pay is {$wage} per hour.",
        ),
        (Move("pay", "wage * hours", "In {hours hour} {who} earns {=} dollars.", PAY_RULE),),
        ("How much does {who} earn?", "How many dollars does {who} earn?"),
    ),
    PURSE,
    {"place": ("a bakery|", "a garden centre|", "a library|", "a bicycle shop|"), **PURSE_SLOTS},
    ("{who}'s way to work takes {#idle} minutes.", "{who} works with {#idle} other people."),
)
LAWNS = Template(
    "lawns",
    opening(
        "rate",
        "purse",
        {"lawns": span(3, 12), "fee": span(8, 25)},
        (
            "{who} {job} for {lawns neighbour} and gets {$fee} from each of them.",
            "For {$fee} each, {who} {job} for {lawns neighbour}.",
        ),
        (Move("pay", "lawns * fee", "The {lawns neighbour} pay {=} dollars.", PAY_RULE),),
        ("How much money does {who} get?", "How many dollars does {who} earn?"),
    ),
    PURSE,
    {
        "job": ("mows the lawn|", "washes the car|", "cleans the windows|", "waters the garden|"),
        **PURSE_SLOTS,
    },
    ("{who}'s street has {#idle} trees.", "{who} finishes at {#idle} o'clock."),
)
WEEKLY = Template(
    "weekly_savings",
    opening(
        "start_plus_rate",
        "purse",
        {"had": span(10, 90), "a_week": span(3, 20), "weeks": span(3, 15)},
        (
            "{who} has {$had} and saves {$a_week} every week for {weeks week}.",
            "Every week {who} saves {$a_week}. {He} starts with {$had} and keeps this up for {weeks week}.",
        ),
        (
            Move("saved", "a_week * weeks", "In {weeks week} {who} saves {=} dollars.", SAVED_RULE),
            Move("savings_now", "had + saved", "With the start it is {=} dollars.", SUM_RULE),
        ),
        ("How much money does {who} have then?", "How many dollars does {who} have after that time?"),
    ),
    PURSE,
    PURSE_SLOTS,
    ("{who} has {#idle} cousins.", "{who}'s birthday is in {#idle} months."),
)
STALL = Template(
    "stall",
    opening(
        "profit",
        "purse",
        {"cups": span(10, 60), "cup_price": span(2, 5), "costs": span(5, 30)},
        (
            "{who} sells {cups cup} of {drink} at {$cup_price} each. The ingredients cost {him} {$costs}.",
            "At a stall {who} sells {drink}. {He} pays {$costs} for the ingredients and sells {cups cup} at"
            " {$cup_price} each.",
        ),
        (
            Move("sales", "cups * cup_price", "The {cups cup} bring {=} dollars.", PAY_RULE),
            Move(
                "profit",
                "sales - costs",
                "The profit is {=} dollars.",
                "Profit is what comes in minus the costs.",
            ),
        ),
        ("How much profit does {who} make?", "How many dollars of profit does {who} make?"),
    ),
    PURSE,
    {"drink": ("lemonade", "hot chocolate", "fruit tea"), **PURSE_SLOTS},
    ("The stall is open for {#idle} hours.", "{#idle} people only ask for the way."),
)
BABYSITTING = Template(
    "babysitting",
    opening(
        "two_rates",
        "purse",
        {"evenings": span(2, 8), "hours_each": span(2, 5), "an_hour": span(8, 15)},
        (
            "{who} babysits on {evenings evening}, {hours_each hour} each time, for {$an_hour} an hour.",
            "On {evenings evening} {who} babysits for {hours_each hour} each. {He} gets {$an_hour} per hour.",
        ),
        (
            Move(
                "hours_all",
                "evenings * hours_each",
                "That is {= hour} of work.",
                "The total time is the number of times multiplied by the length of one.",
            ),
            Move("pay", "hours_all * an_hour", "That pays {=} dollars.", PAY_RULE),
        ),
        ("How much does {who} earn?", "How many dollars does {who} earn in all?"),
    ),
    (SPEND, GIFT, JARS, CHANGE_LEFT),
    PURSE_SLOTS,
    ("The children go to bed at {#idle} o'clock.", "The family lives on floor {#idle}."),
    reserved=True,
)
WAGE = Template(
    "wage_from_total",
    opening(
        "unit_rate",
        "purse",
        {
            "hours": span(3, 9),
            "_wage": span(9, 24),
            "paid": of("hours * _wage"),
            "_extra": span(1, 5),
            "next_hours": of("hours + _extra"),
        },
        (
            "{who} is paid {$paid} for {hours hour} of work. Next week {he} works {next_hours hour} at the"
            " same rate.",
        ),
        (
            Move(
                "wage",
                "paid / hours",
                "One hour pays {=} dollars.",
                "A rate is the amount divided by the number of units.",
            ),
            Move("next_pay", "wage * next_hours", "In {next_hours hour} that is {=} dollars.", PAY_RULE),
        ),
        ("How much does {who} earn next week?", "How many dollars does {who} get for next week?"),
    ),
    (
        replace(
            SPEND.told(
                "{who} spends {$spent} of next week's pay on {a treat}.",
                asks=("How much of next week's pay is left?",),
            ),
            gives="rest of the pay",  # so that a percentage of next week's pay is one of all of it
        ),
        DONATE.told(
            "{who} gives {#donated}% of next week's pay to a food bank.",
            asks=("How much of next week's pay is left?",),
        ),
    ),
    PURSE_SLOTS,
    ("{who} has had this job for {#idle} months.",),
)
EARNING = (HOURLY, LAWNS, WEEKLY, STALL, BABYSITTING, WAGE)
