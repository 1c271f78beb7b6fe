"""Steps of stories about money, in dollars: `purse` is what somebody has, `bill` what somebody has to pay."""

from thoughtmill.factory.problems.stories.parts import Move, Step, cents, divisor, percent, pick, size, span
from thoughtmill.factory.problems.stories.things import (
    DIFFERENCE_RULE,
    FULL_RULE,
    GAIN_RULE,
    LOSS_RULE,
    REMAINDER_RULE,
    SHARE_RULE,
)

PERCENT_RULE = "A percentage of an amount is the amount times the percentage divided by one hundred."
PRICE_RULE = "The cost of several equal things is their number times the price of one."
SUM_RULE = "The total of several amounts is their sum."

ASK_PURSE = (
    "How much money does {who} have left?",
    "How many dollars does {who} have left?",
    "Find how much money {who} has left.",
)
ASK_BILL = (
    "How much does {who} pay in the end?",
    "How many dollars does {who} have to pay?",
    "Find how much {who} pays in total.",
)

SPEND = Step(
    "spend",
    "purse",
    "purse",
    {"spent": span(12, 60)},
    (
        "{who} spends {$spent} of {his} money on {a treat}.",
        "Then {who} buys {a treat} for {$spent}.",
    ),
    (Move("purse", "it - spent", "That leaves {=} dollars.", LOSS_RULE),),
    ASK_PURSE,
)
GIFT = Step(
    "gift",
    "purse",
    "purse",
    {"gift": span(5, 60, 5)},
    (
        "{who}'s grandmother gives {him} another {$gift}.",
        "Then an uncle gives {who} another {$gift}.",
    ),
    (Move("savings", "it + gift", "With the gift it is {=} dollars.", GAIN_RULE, high=2000),),
    ("How much money does {who} have now?", "How many dollars does {who} have in all?"),
)
DONATE = Step(
    "donate",
    "purse",
    "purse",
    {"donated": percent("it", 5, 60)},
    (
        "{who} gives {#donated}% of {his} money to an animal shelter.",
        "{who} donates {#donated} percent of {his} money to a food bank.",
    ),
    (
        Move("donation", "it * donated / 100", "The donation is {=} dollars.", PERCENT_RULE),
        Move("kept", "it - donation", "That leaves {=} dollars.", LOSS_RULE),
    ),
    ASK_PURSE,
)
BUY = Step(
    "buy",
    "purse",
    "bought",
    {"souvenir_price": size(4, 15)},
    (
        "Then {who} buys as many {+souvenir} as {he} can at {$souvenir_price} each.",
        "{who} spends {his} money on {+souvenir} at {$souvenir_price} each, as many as {he} can buy.",
    ),
    (Move("bought", "it // souvenir_price", "The money is enough for {= souvenir}.", FULL_RULE),),
    ("How many {+souvenir} does {who} buy?", "How many {+souvenir} can {who} buy?"),
)
CHANGE_LEFT = Step(
    "change_left",
    "purse",
    "change",
    {"souvenir_price": size(4, 15)},
    (
        "Then {who} buys as many {+souvenir} as {he} can at {$souvenir_price} each.",
        "{who} buys {+souvenir} at {$souvenir_price} each until {he} cannot afford another.",
    ),
    (Move("change", "it % souvenir_price", "What remains is {= dollar}.", REMAINDER_RULE, low=1),),
    ("How many dollars are left over?", "How much money is left after that?"),
)
GOAL = Step(
    "goal",
    "purse",
    "missing",
    {"goal": span(80, 900, 10)},
    (
        "{who} wants to buy {a dream} that costs {$goal}.",
        "{who} is saving for {a dream} that costs {$goal}.",
    ),
    (Move("missing", "goal - it", "{who} still needs {=} dollars.", DIFFERENCE_RULE),),
    ("How much more money does {who} need?", "How many more dollars does {who} need?"),
)
JARS = Step(
    "share",
    "purse",
    "share",
    {"jars": divisor("it", 2, 5)},
    (
        "{who} puts {his} money into {jars savings jar}, the same amount in each.",
        "Then {who} divides {his} money equally between {jars savings jar}.",
    ),
    (Move("jar", "it / jars", "Each jar gets {=} dollars.", SHARE_RULE),),
    ("How much money is in each jar?", "How many dollars go into each jar?"),
)
PURSE = (SPEND, GIFT, DONATE, BUY, CHANGE_LEFT, GOAL, JARS)
PURSE_SLOTS = {
    "treat": ("jacket", "backpack", "pair of shoes", "watch", "board game"),
    "souvenir": ("poster", "comic book", "plant", "puzzle"),
    "dream": ("bicycle", "tablet", "guitar", "telescope", "camera"),
}

COUPON = Step(
    "take_away",
    "bill",
    "bill",
    {"coupon": span(2, 15)},
    (
        "{who} has a coupon for {$coupon} off.",
        "A coupon takes {$coupon} off the bill.",
    ),
    (Move("reduced", "it - coupon", "The coupon leaves {=} dollars.", LOSS_RULE, unit=100),),
    ASK_BILL,
)
DELIVERY = Step(
    "add",
    "bill",
    "bill",
    {"fee": cents(3, 12)},
    (
        "Delivery costs another {$fee}.",
        "There is also a delivery fee of {$fee}.",
    ),
    (Move("billed", "it + fee", "With the fee it is {=} dollars.", GAIN_RULE, unit=100),),
    ASK_BILL,
)
DISCOUNT = Step(
    "discount",
    "bill",
    "bill",
    {"off": percent("it", 5, 50)},
    (
        "Then the shop takes {#off}% off the amount so far.",
        "{who} gets a discount of {#off} percent on the amount so far.",
    ),
    (
        Move("discount", "it * off / 100", "The discount is {=} dollars.", PERCENT_RULE, low=1, unit=100),
        Move("sale", "it - discount", "After the discount it is {=} dollars.", LOSS_RULE, unit=100),
    ),
    ASK_BILL,
)
TAX = Step(
    "surcharge",
    "bill",
    "bill",
    {"extra_percent": percent("it", 5, 20)},
    (
        "A tax of {#extra_percent}% on the amount so far is added.",
        "Then {#extra_percent} percent tax is added to the amount so far.",
    ),
    (
        Move("extra", "it * extra_percent / 100", "The extra is {=} dollars.", PERCENT_RULE, low=1, unit=100),
        Move("with_extra", "it + extra", "With that it is {=} dollars.", SUM_RULE, unit=100),
    ),
    ASK_BILL,
)
SPLIT = Step(
    "share",
    "bill",
    "part",
    {"payers": divisor("it", 3, 4)},
    (
        "{who} is one of {#payers} friends who split the bill equally.",
        "{who} and {his} friends, {#payers} people in all, split the bill equally.",
    ),
    (Move("part", "it / payers", "Each pays {=} dollars.", SHARE_RULE, unit=100),),
    ("How much does each person pay?", "How many dollars is each person's part?"),
)
CHANGE = Step(
    "change",
    "bill",
    "change",
    {"note": pick(20, 50, 100, 200)},
    (
        "{who} hands over {$note}.",
        "{who} pays with {$note} in cash.",
    ),
    (
        Move(
            "change",
            "note - it",
            "The change is {=} dollars.",
            "Change is the money handed over minus the cost.",
            low=1,
            high=60,
            unit=100,
        ),
    ),
    ("How much change does {who} get?", "How many dollars of change does {who} get back?"),
)
TIP = TAX.told(
    "{who} adds a tip of {#extra_percent}% of the amount so far.",
    "{who} leaves a tip of {#extra_percent} percent of the amount so far.",
    asks=("How much is paid in the end?", "How many dollars are paid with the tip?"),
)
BILL = (COUPON, DELIVERY, DISCOUNT, TAX, CHANGE)
