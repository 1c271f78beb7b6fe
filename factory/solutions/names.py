"""Names for the quantities of a solution that gives them none: from the words around a number.

A name is snake_case and never a word of Python. Where the words give none it is `step_1`: a plain name is
better than a wrong one.
"""

import builtins
import keyword
import re
from collections.abc import Collection, Sequence

MEANT = (
    "ans",
    "answer",
    "final_answer",
    "unknowns",
    "mod",
    "sqrt",
    "floor",
    "ceil",
)  # in a system of equations
RESERVED = frozenset({*keyword.kwlist, *keyword.softkwlist, *dir(builtins), *MEANT})
ENDS = frozenset(
    "a about above after again ago all already also although altogether amounts an and any are as at "
    "ate away be because been before being below between both bought but buy buys by came can "
    "combined come comes contains cost costs could cut cuts did do does down drank drink drinks drove "
    "during each earn earns eat eats either equals every fewer fifth fifths first for found fourths "
    "from gave get gets give gives go goes got grew had half has have having he hence her here hers "
    "him his how however if in instead into is it its just keep keeps kept last later leave leaves "
    "left less long lost made make makes many may means met more most much must need needs neither "
    "next no not now of off on once one only or other our out over own paid pay pays per plus ran "
    "read remain remaining remains result run runs saw say second sell sells she should since sleeps "
    "slept so sold some spend spends spent still swam swims take takes than that the their them then "
    "there therefore these they third this those through thus times to today together tomorrow took "
    "twice two under until up upon us use uses walk walks wants was we went were what when where "
    "whether which while who will with without won worth would write writes wrote yesterday yet you "
    "your".split()
)
SKIPPED = frozenset(
    "of the her his their its your my our these those more additional other different".split()
)
UNITS = frozenset(
    "second minute hour day week month year person mile pound box bag bottle piece item".split()
)
CLAUSE = re.compile(r"\d|\b(?:and|but|before|after|then|while|so|if|when)\b")
"""A word before one of these tells of another thing than a number behind it."""
COMPARED = re.compile(r"\s*([a-z]+ )?(more|fewer|less)\b")
"""A difference is not named after who has it: `Mia has 8 more pens than Sam`."""
MONEY = frozenset("dollar dollars cent cents".split())
VERBS = re.compile(
    r"\b(cost|price|discount|profit|salary|income|earn|spend|spent|(?<!his )(?<!her )pay|paid|sav"
    r"|fee(?!t)|tax|tip|bill(?!ion))"
)
NEW_CLAUSE = re.compile(r"[.,;!?]\s|\b(?:so|but|while|if|then|when)\b")
"""The subject before one of these is another: `the desk costs $120, so she needs`."""
DIFFERENCE = re.compile(r"\s*(?:more|less|cheaper|extra|change|back|profit)\b")
"""A difference is not named after what is paid: `it costs 9 - 4 = $5 more`."""
VERB_NAMES = {"earn": "earned", "spend": "spent", "pay": "paid", "sav": "saved"}
NO_SUBJECT = "".join(
    rf"(?<!\b{word} )" for word in "after at before by for from in of on than to with without".split()
)
"""A noun behind a preposition is not what a sentence is about."""
SUBJECT = re.compile(
    rf"{NO_SUBJECT}\b(?:the|his|her|their|its) ((?:[a-z]+ ){{1,3}}?)"
    r"(?:is|are|was|were|will be|would be|came|comes|equals|of|for|costs)\b"
)
BEHIND = re.compile(
    r"\b(?:after|at|before|by|for|from|in|of|on|than|to|with|without) "
    r"(?:(?:a|an|the|her|his|their|its|each|every) )?(?:[a-z]+['’]s )?[a-z]+(?: and [a-z]+)? ?"
)
"""A preposition with its noun, which is not what is counted: `gave 5 to his sister`, `her pay before tax`."""
COMPARES = re.compile(r"\b(?:than|as|and)\b[^.!?]*$")
"""A result may be of any of these: `Ann is 3 years older than Bo, so she is`, `Ann and Bo have`."""
WORD = re.compile(r"\s*(?:([A-Za-z]+)(?:['’]s)?|[-/](?=[a-z])|([^\sA-Za-z]))")
TOTAL = re.compile(r"\b(?:total|altogether|combined|in all)\b")
LEFT = re.compile(r"\b(?:left|remain|remains|remaining)\b")


def of_given(before: str, after: str) -> list[str]:
    """Return names for a number of a problem, the best first, from the text before and after it.

    >>> of_given("She sold clips to ", " of her friends in April"), of_given("and ", " times as many")
    (['friends', 'clips_friends'], [])
    >>> of_given("a bike that costs $", "."), of_given("and ", "% of the students walk")
    (['bike_dollars', 'dollars'], ['percent_of_students'])
    """
    share = re.match(r"\s*(?:%|percent\b)", after)
    if share:
        return [
            "_".join(["percent", "of", *words])
            if (words := _phrase(after[share.end() :], True))
            else "percent"
        ]
    words = _phrase(after, skipping=True)
    before = CLAUSE.split(before)[-1]
    if compared := COMPARED.match(after):
        what = ["dollars"] if before.endswith("$") else [*(compared[1] or "").split()]
        what = what or _phrase(after[compared.end() :], skipping=True)
        return ["_".join([compared[2], *what])] if what else []
    if before.endswith("$"):
        rate = words if words[:1] == ["per"] else []
        names = _with_previous(before, ["dollars", *rate])
        return names if rate else names[::-1]
    return _with_previous(before, words)


def of_result(before: str, expression: str, after: str) -> list[str]:
    """Return names for the result of a calculation, the best first, from its sentence before and after it.

    >>> of_result("Natalia sold 48/2 = ", "48 / 2", " clips in May.")
    ['clips', 'natalia_clips']
    >>> of_result("So the total cost of the house is 8+5 = $", "8 + 5", ".")[0]
    'total_cost'
    """
    lower = before.lower()
    words = _phrase(after, skipping=False)
    if not words or (words[0] in MONEY and words[1:2] != ["per"]):
        clause = NEW_CLAUSE.split(BEHIND.sub("", lower))[-1]
        subject, verbs = SUBJECT.search(clause), VERBS.findall(clause)
        differs = "-" in expression and (DIFFERENCE.match(after) or "difference" in clause)
        action = [] if differs else [VERB_NAMES.get(verb, verb) for verb in verbs[-1:]]
        about = [word for word in subject[1].split() if word == "cost" or word not in ENDS] if subject else []
        words = about or action or words
    if words[:1] == ["per"]:
        words = ["dollars" if before.rstrip().endswith("$") else "rate", *words]
    elif words and "total" not in words and "-" not in expression and TOTAL.search(lower + after):
        words = ["total", *words]
    elif words and "-" in expression and LEFT.search(lower + after):
        words = [*words, "left"]
    clause = re.split(r"[.;:!?,]\s", BEHIND.sub("", before))[-1]
    return _with_previous("" if COMPARES.search(before) else clause, words)


def unique(wanted: Sequence[str], taken: Collection[str]) -> str:
    """Return the first wanted name that is legal and free, else the first one or `step` with a number.

    >>> unique(["clips"], {"clips"}), unique(["class", "first_class"], ()), unique([], {"step_1"})
    ('clips_2', 'first_class', 'step_2')
    """
    for name in wanted:
        if name not in taken and name not in RESERVED:
            return name
    stem, number = (wanted[0], 2) if wanted else ("step", 1)
    while f"{stem}_{number}" in taken:
        number += 1
    return f"{stem}_{number}"


def _with_previous(before: str, words: list[str]) -> list[str]:
    """Return the name, and the name with the last telling word before the number, for when it is taken."""
    if not words:
        return []
    name = "_".join(words)
    clause = re.split(r"[.;:!?,]\s", before[-80:])[-1].lower()
    telling = [
        word for word in re.findall(r"(?<![a-z’'])[a-z]{3,}", clause) if not _ends(word) and word not in words
    ]
    return [name, f"{telling[-1]}_{name}"] if telling and telling[-1] not in MONEY else [name]


def _phrase(text: str, skipping: bool) -> list[str]:
    """Return up to three words of a noun phrase at the beginning of a text, and what it is per."""
    words: list[str] = []
    at = 0
    while len(words) < 3 and (found := WORD.match(text, at)):
        at = found.end()
        word = (found[1] or "").lower()
        if found[2]:
            break
        if found[0].endswith("/"):
            return words + _rate(text, at)
        if not word or (skipping and not words and word in SKIPPED):
            continue
        if word in ("a", "an", "per", "each", "every"):
            return words + _rate(text, at)
        if _ends(word):
            break
        words.append(word)
    return words


def _ends(word: str) -> bool:
    return word in ENDS or word.endswith(("ed", "ing", "ly"))


def _rate(text: str, at: int) -> list[str]:
    found = WORD.match(text, at)
    unit = (found[1] or "").lower() if found else ""
    return ["per", unit] if unit in UNITS else []
