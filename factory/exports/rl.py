"""Reinforcement learning: each problem and thought once, for the rewards of `thoughtmill.rewards`.

All problems of the file are here, also those that no record solves: there is most to learn.
"""

FORMS = {
    "messages": """
        select [{'role': 'user', 'content': any_value(prompt)}] as prompt, any_value(answer) as solution,
            any_value(answer_kind) as answer_kind, thought, problem_id, any_value(problem) as problem,
            any_value(license) as license
        from every
        where answer is not null and drop_reason is distinct from 'contaminated'
            and drop_reason is distinct from 'duplicate_problem' and thought <> 'knowledge'
        group by problem_id, thought
        order by problem_id, thought
    """
}
