"""KTO: each rationale with whether it is right, for trainers that need no pairs (arXiv 2402.01306)."""

PER_PROBLEM = True
FORMS = {
    "messages": """
        select [{'role': 'user', 'content': prompt}] as prompt,
            [{'role': 'assistant', 'content': content}] as completion,
            label, record_id, thought, license
        from (
            select *, true as label from examples
            union all by name
            select *, false as label from refuted
        )
        order by record_id
    """
}
