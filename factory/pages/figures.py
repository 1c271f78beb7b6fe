"""Numbers as people read them, the same on every page and in the terminal."""


def count(number: int) -> str:
    """Return a whole number as people read it.

    >>> count(12345)
    '12,345'
    """
    return f"{number:,}"


def share(part: int, whole: int) -> str:
    """Return a part of a whole in per cent; a part of nothing is a dash, and only all is 100 %.

    >>> share(1, 3), share(1999, 2000), share(1, 20_000), share(0, 0)
    ('33.3\\xa0%', '99.9\\xa0%', '0.1\\xa0%', '–')
    """
    if whole == 0:
        return "–"
    tenths = round(1000 * part / whole)
    if 0 < part < whole:
        tenths = min(max(tenths, 1), 999)
    return f"{tenths / 10:.1f}\N{NO-BREAK SPACE}%".replace("100.0", "100")


def part_of(part: int, whole: int) -> str:
    """Return a part of a whole as counts and in per cent.

    >>> part_of(57, 198), part_of(1000, 1000), part_of(0, 0)
    ('57 of 198 (28.8\\xa0%)', '1,000 of 1,000 (100\\xa0%)', '0 of 0')
    """
    return f"{count(part)} of {count(whole)}" + (f" ({share(part, whole)})" if whole else "")
