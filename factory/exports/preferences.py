"""Preferences: a right and a wrong rationale of one thought for one problem, for DPO and its variants.

A problem's k-th wrong rationale meets its k-th right one, and right ones start over when they run out. So
every wrong rationale occurs once, if its problem has a right one. `why` says how it fails.
"""

PER_PROBLEM = True
FORMS = {
    "messages": """
        , good as (
            select *, row_number() over (partition by problem_id, thought order by sample) - 1 as place,
                count(*) over (partition by problem_id, thought) as paths
            from examples
        ),
        bad as (
            select *, row_number() over (partition by problem_id, thought order by sample) - 1 as place
            from refuted
        )
        select [{'role': 'user', 'content': good.prompt}] as prompt,
            [{'role': 'assistant', 'content': good.content}] as chosen,
            [{'role': 'assistant', 'content': bad.content}] as rejected,
            coalesce(bad.failure, 'its answer is ' || bad.predicted_answer || ', not ' || bad.answer) as why,
            good.record_id as chosen_record_id, bad.record_id as rejected_record_id, good.thought,
            good.license
        from bad join good on good.problem_id = bad.problem_id and good.thought = bad.thought
            and good.place = bad.place % good.paths
        where good.content <> bad.content
        order by bad.record_id
    """
}
