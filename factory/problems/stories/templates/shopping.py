"""Stories about buying things and paying for them."""

from thoughtmill.factory.problems.stories.money import (
    BILL,
    CHANGE,
    COUPON,
    DELIVERY,
    DISCOUNT,
    PRICE_RULE,
    SPLIT,
    SUM_RULE,
    TIP,
)
from thoughtmill.factory.problems.stories.parts import (
    Move,
    Template,
    cents,
    of,
    opening,
    percent,
    pick,
    pool,
    span,
)

SUPPLIES = Template(
    "school_supplies",
    opening(
        "price",
        "bill",
        {"count": span(3, 20), "price": cents(1, 9)},
        (
            "{who} buys {count thing} at {$price} each.",
            "{a thing} costs {$price}. {who} buys {#count} of them.",
            "At the shop {who} picks {count thing}. Each costs {$price}.",
        ),
        (Move("cost", "count * price", "The {count thing} cost {=} dollars.", PRICE_RULE, unit=100),),
        ("How much does {who} pay?", "How many dollars does {who} pay?"),
    ),
    BILL,
    {"thing": ("notebook", "folder", "paintbrush|paintbrushes", "set of markers|sets of markers")},
    ("School starts in {#idle} days.", "The shop is {#idle} minutes from {who}'s school."),
)
CLOTHES = Template(
    "clothes",
    opening(
        "two_prices",
        "bill",
        {
            "first_items": span(2, 6),
            "first_price": span(8, 25),
            "second_items": span(1, 4),
            "second_price": span(20, 60, 5),
        },
        (
            "{who} buys {first_items first} for {$first_price} each and {second_items second} for"
            " {$second_price} each.",
            "{a first} costs {$first_price} and {a second} costs {$second_price}. {who} buys"
            " {first_items first} and {second_items second}.",
        ),
        (
            Move("first_cost", "first_items * first_price", "The {+first} cost {=} dollars.", PRICE_RULE),
            Move("second_cost", "second_items * second_price", "The {+second} cost {=} dollars.", PRICE_RULE),
            Move("cost", "first_cost + second_cost", "Together that is {=} dollars.", SUM_RULE),
        ),
        ("How much does {who} pay?", "What is the total cost in dollars?"),
    ),
    BILL,
    {"first": ("T-shirt", "cap", "belt", "scarf|scarves"), "second": ("jacket", "sweater", "dress", "coat")},
    ("The shop has {#idle} floors.", "{who} tries on {#idle} other things."),
)
GROCERIES = Template(
    "groceries",
    opening(
        "price",
        "bill",
        {"kilos": span(2, 12), "kilo_price": cents(1, 8)},
        (
            "{who} buys {kilos kilogram} of {produce} at {$kilo_price} per kilogram.",
            "One kilogram of {produce} costs {$kilo_price}. {who} needs {kilos kilogram}.",
        ),
        (Move("cost", "kilos * kilo_price", "The {produce} cost {=} dollars.", PRICE_RULE, unit=100),),
        ("How much do the {produce} cost?", "How many dollars do the {produce} cost?"),
    ),
    pool(
        (
            DELIVERY.told(
                "{who} also buys a piece of cheese for {$fee}.",
                "{who} puts a jar of honey for {$fee} into the cart.",
            ),
            SPLIT,
        ),
        *BILL,
    ),
    {"produce": ("potatoes", "tomatoes", "cherries", "carrots", "oranges")},
    ("The market has {#idle} stalls.", "{who} waits in line for {#idle} minutes."),
)
RESTAURANT = Template(
    "restaurant",
    opening(
        "two_prices",
        "bill",
        {"meals": span(2, 8), "meal_price": span(9, 24), "drinks": span(2, 8), "drink_price": span(2, 5)},
        (
            "{who} and some friends order {meals meal} at {$meal_price} each and {drinks drink} at"
            " {$drink_price} each.",
            "At a restaurant {who} and {his} friends have {drinks drink} for {$drink_price} each and {meals"
            " meal} for {$meal_price} each.",
        ),
        (
            Move("food", "meals * meal_price", "The meals cost {=} dollars.", PRICE_RULE),
            Move("drink_cost", "drinks * drink_price", "The drinks cost {=} dollars.", PRICE_RULE),
            Move("cost", "food + drink_cost", "Together that is {=} dollars.", SUM_RULE),
        ),
        ("How many dollars is the bill?", "How much is the bill?"),
    ),
    pool(
        (
            TIP,
            COUPON.told(*COUPON.texts, asks=("How much is paid in the end?",)),
            DELIVERY.told("Dessert for everybody costs another {$fee}.", asks=TIP.asks),
            DISCOUNT.told("There is a discount of {#off}% on the amount so far.", asks=TIP.asks),
            SPLIT,
        ),
        *BILL,
    ),
    {"meal": ("pizza", "pasta dish", "curry", "noodle bowl"), "drink": ("juice", "lemonade", "soda")},
    ("They wait {#idle} minutes for a table.", "The restaurant opened {#idle} years ago."),
)
CINEMA = Template(
    "cinema",
    opening(
        "two_prices",
        "bill",
        {"adults": span(2, 6), "adult_price": span(9, 16), "children": span(2, 8), "child_price": span(4, 8)},
        (
            "{who}'s family goes to the {show}. {who} buys {adults adult ticket} at {$adult_price} each and"
            " {children child ticket} at {$child_price} each.",
            "For the {show}, {who} buys {adults adult ticket} at {$adult_price} each and {children child"
            " ticket} at {$child_price} each.",
        ),
        (
            Move("adult_cost", "adults * adult_price", "The adults cost {=} dollars.", PRICE_RULE),
            Move("child_cost", "children * child_price", "The children cost {=} dollars.", PRICE_RULE),
            Move("cost", "adult_cost + child_cost", "Together that is {=} dollars.", SUM_RULE),
        ),
        ("How much do the tickets cost in all?", "How many dollars do all the tickets cost?"),
    ),
    (
        DISCOUNT.told("Families get {#off}% off the amount so far."),
        COUPON,
        CHANGE,
        DELIVERY.told("{who} also buys popcorn for {$fee}.", "Popcorn for everybody costs another {$fee}."),
    ),
    {"show": ("cinema", "circus", "puppet theatre", "opera")},
    ("The show lasts {#idle} times as long as a school lesson.", "They sit in row {#idle}."),
    reserved=True,
)
SALE = Template(
    "sale",
    opening(
        "percent_off",
        "bill",
        {"price": span(40, 400, 10), "percent": percent("price", 5, 60)},
        (
            "{a ware} costs {$price}. In the sale it is {#percent}% cheaper, and {who} buys it.",
            "{who} buys {a ware} in a sale. It used to cost {$price}, but now it is {#percent}% off.",
        ),
        (
            Move(
                "saved",
                "price * percent / 100",
                "The price falls by {=} dollars.",
                "A percentage of an amount is the amount times the percentage divided by one hundred.",
            ),
            Move(
                "cost",
                "price - saved",
                "Now it costs {=} dollars.",
                "A reduced price is the price minus the reduction.",
            ),
        ),
        ("How much does {who} pay?", "What is the new price in dollars?"),
    ),
    BILL,
    {"ware": ("winter coat", "desk chair", "camera", "tent", "office lamp", "armchair")},
    ("The sale lasts {#idle} days.", "{who} has looked at {#idle} other shops."),
)
PER_PACK = Template(
    "cheaper_pack",
    opening(
        "unit_price",
        "bill",
        {
            "pack": span(3, 12),
            "_each": cents(1, 6),
            "pack_price": of("pack * _each"),
            "_extra": span(1, 12),
            "wanted": of("pack + _extra"),
        },
        (
            "A pack of {#pack} {+thing} costs {$pack_price}. {who} buys {wanted thing} at the"
            " same price each.",
            "{#pack} {+thing} cost {$pack_price}. {who} needs {wanted thing} at the same price each.",
        ),
        (
            Move(
                "each",
                "pack_price / pack",
                "One costs {=} dollars.",
                "The price of one is the price of all divided by how many there are.",
                low=1,
                unit=100,
            ),
            Move("cost", "each * wanted", "The {#wanted} {+thing} cost {=} dollars.", PRICE_RULE, unit=100),
        ),
        ("How much does {who} pay?", "How many dollars does {who} have to pay?"),
    ),
    BILL,
    {"thing": ("battery", "light bulb", "tennis ball", "candle")},
    ("The pack lies on shelf {#idle}.",),
)
TAXI = Template(
    "taxi",
    opening(
        "fixed_plus_rate",
        "bill",
        {"base": span(3, 8), "kilometres": span(4, 30), "kilometre_price": pick(2, 3, 4)},
        (
            "A taxi costs {$base} plus {$kilometre_price} for every kilometre. {who} rides {kilometres"
            " kilometre}.",
            "{who} takes a taxi for {kilometres kilometre}. The ride costs {$kilometre_price} per"
            " kilometre, and there is a starting fee of {$base}.",
        ),
        (
            Move("way", "kilometres * kilometre_price", "The way costs {=} dollars.", PRICE_RULE),
            Move("cost", "way + base", "With the fee it is {=} dollars.", SUM_RULE),
        ),
        ("How much does the ride cost?", "How many dollars does the ride cost?"),
    ),
    pool(
        (
            TIP,
            SPLIT,
            DELIVERY.told("Heavy luggage costs another {$fee}."),
            DISCOUNT.told("{who} gets a discount of {#off}% on the amount so far."),
        ),
        *BILL,
    ),
    {},
    ("{who} waits {#idle} minutes for the taxi.", "It has rained for {#idle} hours."),
)
SHOPPING = (SUPPLIES, CLOTHES, GROCERIES, RESTAURANT, CINEMA, SALE, PER_PACK, TAXI)
