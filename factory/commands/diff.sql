-- What moved between two versions of a corpus, the schemas `old` and `new`.

create or replace macro outcome_of(failure, correct) as
    coalesce(failure, case when correct is null then 'no answer to compare' when correct then 'correct' else 'incorrect' end);

create or replace view moved_problems as
select
    coalesce(o.problem_id, n.problem_id) as problem_id,
    case
        when o.problem_id is null then 'added'
        when n.problem_id is null then 'lost'
        when o.problem is distinct from n.problem then 'text'
        when o.answer is distinct from n.answer then 'gold answer'
        when o.split is distinct from n.split then 'split'
    end as change,
    o.answer as old_answer,
    n.answer as new_answer
from old.problems o
full join new.problems n using (problem_id)
where change is not null;

create or replace view moved_records as
select
    coalesce(o.record_id, n.record_id) as record_id,
    coalesce(o.thought, n.thought) as thought,
    if(o.record_id is not null, outcome_of(o.failure, o.correct), null) as old_outcome,
    if(n.record_id is not null, outcome_of(n.failure, n.correct), null) as new_outcome,
    case
        when o.record_id is null then 'added'
        when n.record_id is null then 'lost'
        when oc.completion is distinct from nc.completion then case
            when oc.prompt_sha is distinct from nc.prompt_sha then 'prompt'
            when oc.model is distinct from nc.model then 'model'
            else 'completion'
        end
        when o.rationale is distinct from n.rationale then 'parser'
        when o.predicted_answer is distinct from n.predicted_answer or o.failure is distinct from n.failure
            then 'solver'
        when op.answer is distinct from np.answer then 'gold answer'
        when o.correct is distinct from n.correct then 'comparison'
        when o.split is distinct from n.split then 'split'
        when o.drop_reason is distinct from n.drop_reason or o.kept is distinct from n.kept then 'curation'
    end as cause,
    o.kept as old_kept,
    n.kept as new_kept,
    o.drop_reason as old_drop_reason,
    n.drop_reason as new_drop_reason
from old.records o
full join new.records n using (record_id)
left join old.completions oc on oc.completion_id = o.completion_id
left join new.completions nc on nc.completion_id = n.completion_id
left join old.problems op on op.problem_id = o.problem_id
left join new.problems np on np.problem_id = n.problem_id
where cause is not null;

create or replace view moved_checks as
select
    coalesce(o.record_id, n.record_id) as record_id,
    "check",
    o.passed as old_passed,
    n.passed as new_passed
from old.checks o
full join new.checks n using (record_id, "check")
where o.passed is distinct from n.passed;
