"""The export `flashcards`: problem and answer, without the way between."""

FORMS = {
    "cards": """
        select distinct problem as front, answer as back from examples order by front
    """
}
