"""Reinforcement learning: each problem and thought once, for the rewards of `thoughtmill.rewards`.

All problems of the file are here, also those that no record solves: there is most to learn.
"""

PER_PROBLEM = True
FORMS = {
    # Keys are grouped, not texts: aggregates of long texts cannot leave memory.
    "messages": """
        select [{'role': 'user', 'content': prompt}] as prompt, answer as solution, answer_kind, thought,
            problem_id, problem, license
        from every
        where record_id in (
            select min(record_id) from every
            where answer is not null and drop_reason is distinct from 'contaminated'
                and drop_reason is distinct from 'duplicate_problem' and thought <> 'knowledge'
            group by problem_id, thought
        )
        order by problem_id, thought
    """
}
