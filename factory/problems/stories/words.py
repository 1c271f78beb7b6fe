"""Names, plurals and articles: the small grammar that stories are written with."""

from functools import cache
from random import Random

SHE = (
    *("Amara", "Anna", "Beatriz", "Carmen", "Chloe", "Daria", "Elif", "Emma", "Fatima", "Grace", "Hana"),
    *("Ines", "Julia", "Kavya", "Lena", "Lucy", "Maria", "Mei", "Nadia", "Nora", "Olga", "Priya", "Rosa"),
    *("Sara", "Sofia", "Tara", "Uma", "Vera", "Yuki", "Zoe"),
)
HE = (
    *("Adam", "Ali", "Ben", "Bruno", "Carlos", "Chen", "Daniel", "David", "Emil", "Felix", "George", "Hugo"),
    *("Ivan", "Jack", "Kofi", "Leo", "Liam", "Marco", "Noah", "Omar", "Oscar", "Pedro", "Ravi", "Sam"),
    *("Tariq", "Theo", "Tom", "Viktor", "Yusuf"),
)
PEOPLE = SHE + HE

_PRONOUNS = {
    "she": {"he": "she", "He": "She", "his": "her", "His": "Her", "him": "her"},
    "he": {"he": "he", "He": "He", "his": "his", "His": "His", "him": "him"},
}
_PRONOUNS_OF = {name: _PRONOUNS["she" if name in SHE else "he"] for name in PEOPLE}


def cast(rng: Random) -> dict[str, str]:
    """Draw who a story is about, `who`, with the pronouns for them, and two others, `pal` and `third`."""
    who, pal, third = rng.sample(PEOPLE, 3)
    return {"who": who, "pal": pal, "third": third, **_PRONOUNS_OF[who]}


@cache
def forms(noun: str) -> tuple[str, str]:
    """Return singular and plural of a noun; an irregular one is written with both, `knife|knives`.

    >>> forms("berry"), forms("box"), forms("toy car"), forms("knife|knives")
    (('berry', 'berries'), ('box', 'boxes'), ('toy car', 'toy cars'), ('knife', 'knives'))
    """
    if "|" in noun:
        singular, plural = noun.split("|")
        return singular, plural
    if noun.endswith("y") and noun[-2] not in "aeiou":
        return noun, noun[:-1] + "ies"
    if noun.endswith(("s", "x", "z", "ch", "sh")):
        return noun, noun + "es"
    return noun, noun + "s"


@cache
def article(noun: str) -> str:
    """Return the noun with `a` or `an` before it.

    >>> article("egg"), article("hour"), article("uniform"), article("toy")
    ('an egg', 'an hour', 'a uniform', 'a toy')
    """
    sounds_like_vowel = noun[0] in "aeiou" and not noun.startswith(("uni", "use", "eu", "one"))
    return ("an " if sounds_like_vowel or noun.startswith(("hour", "honest")) else "a ") + noun
