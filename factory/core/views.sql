-- The views people query. They stand over the tables of `schemas/`, in DuckDB's dialect.

-- Answers as numbers of nine digits, so that `11/3` and `3.6666666666666665` count as one.
create or replace macro number_of(answer) as format(
    '{:.9g}',
    try_cast(split_part(answer, '/', 1) as double) / coalesce(try_cast(nullif(split_part(answer, '/', 2), '') as double), 1)
);

create or replace view answered as
select
    problem_id,
    -- Every correct answer equals the gold answer, however it is written; others are equal numbers or texts.
    case when correct then 'gold' else coalesce(number_of(predicted_answer), predicted_answer) end as class,
    min(predicted_answer) as predicted_answer,
    count(distinct thought) as thoughts,
    string_agg(distinct thought, '+' order by thought) as who,
    bool_or(correct) as correct
from records
where predicted_answer is not null
group by problem_id, class;
comment on view answered is 'One row per problem and answer that some thought came to, and which thoughts did.';

create or replace view agreement as
select
    p.problem_id,
    p.split,
    p.answer,
    coalesce(a.answers, 0)::integer as answers,
    coalesce(most[1], 0)::integer as agreeing,
    case when most[1] is distinct from most[2] then agreed_answer end as agreed_answer,
    case when most[1] is distinct from most[2] then agreed_correct end as agreed_correct
from problems p
left join (
    select
        problem_id,
        len(list_distinct(flatten(list(string_split(who, '+'))))) as answers,
        max(thoughts, 2) as most,
        arg_max(predicted_answer, thoughts) as agreed_answer,
        arg_max(correct, thoughts) as agreed_correct
    from answered
    group by problem_id
) a using (problem_id);
comment on view agreement is
'One row per problem: how many thoughts came to an answer, how many agree, on what (null on a tie), whether it is gold.';

create or replace view disagreement as
select
    problem_id,
    string_agg(who, ' | ' order by thoughts desc, who) as sides,
    count(*) as answers,
    max(who) filter (correct) as right_side
from answered
group by problem_id
having count(*) > 1;
comment on view disagreement is
'One row per problem with several answers: which thoughts are on which side, and which side is right (null: none).';

create or replace view contradictory_golds as
select
    any_value(problem order by problem_id) as problem,
    list(problem_id order by problem_id) as problem_ids,
    list(answer order by problem_id) as answers
from problems
group by regexp_replace(trim(problem), '\s+', ' ', 'g')
having count(distinct answer) > 1;
comment on view contradictory_golds is
'One row per text that several problems share and that has more than one gold answer, with all of them.';

-- A check that fails speaks against a record, unless it compares the record with the gold answer or with others.
create or replace view doubtful_golds as
select
    * exclude (agreed_answer, contradictions),
    case reason
        when 'unanimous' then 'all thoughts agree on ' || other_answer
        when 'contradicted' then 'equal texts have the answer ' || other_answer
        when 'outvoted' then records_with_other || ' records have ' || other_answer || ', and ' || records_with_gold || ' the gold answer'
        else 'every record that has it has a wrong step'
    end as detail
from (
    select
        p.problem_id,
        p.source,
        p.problem,
        p.answer,
        u.answer as agreed_answer,
        array_to_string(list_filter(c.answers, lambda other: other <> p.answer), ', ') as contradictions,
        case
            when u.problem_id is not null then 'unanimous'
            when c.problem is not null then 'contradicted'
            when o.records > 1 and o.records > coalesce(g.records, 0) then 'outvoted'
            when g.records > 0 and g.sound = 0 then 'miscalculated'
        end as reason,
        case reason when 'unanimous' then agreed_answer when 'contradicted' then contradictions when 'outvoted' then o.answer end as other_answer,
        coalesce(g.records, 0) as records_with_gold,
        coalesce(o.records, 0) as records_with_other
    from problems p
    left join (
        select problem_id, any_value(agreed_answer) as answer
        from agreement join records r using (problem_id)
        where agreeing >= 2 and agreeing = answers and not agreed_correct and r.predicted_answer is not null
            and not exists (
                from checks c
                where c.record_id = r.record_id and not c.passed
                    and c."check" not in ('agreement', 'equal_by', 'leaks_answer')
            )
        group by problem_id having count(distinct r.thought) >= 2
    ) u using (problem_id)
    left join (select problem, answers, unnest(problem_ids) as problem_id from contradictory_golds) c using (problem_id)
    left join (
        select r.problem_id, count(*) as records, count(*) filter (s.record_id is null) as sound
        from records r
        left join checks s on s.record_id = r.record_id and s."check" = 'no_error_in_answer' and not s.passed
        where r.correct
        group by r.problem_id
    ) g using (problem_id)
    left join (
        select problem_id, max(records) as records, arg_max(answer, records) as answer
        from (
            select problem_id, count(*) as records, min(predicted_answer) as answer
            from records
            where not correct and predicted_answer is not null
            group by problem_id, coalesce(number_of(predicted_answer), predicted_answer)
        )
        group by problem_id
    ) o using (problem_id)
    where p.answer is not null
) where reason is not null;
comment on view doubtful_golds is
'One row per gold answer to read again: all thoughts agree on another, an equal text has another, more records have another, or all chains to it have a wrong step.';

-- Rules have no answer to compare: a verified thought of their problem supports them. Without a gold answer,
-- `curate` calls unverified what others do not agree with.
create or replace view verdicts as
select record_id, outcome, outcome in ('correct', 'supported') as verified
from (
    select record_id, coalesce(failure, case
        when correct is not false and drop_reason = 'right_by_chance' then 'right_by_chance'
        when correct then 'correct'
        when not correct then 'incorrect'
        when agrees then 'agreed'
        when predicted_answer is null
            and bool_or(correct and drop_reason is distinct from 'right_by_chance') over (partition by problem_id)
            then 'supported'
        when predicted_answer is null and bool_or(agrees) over (partition by problem_id) then 'agreed'
        when predicted_answer is null then 'checked'
        else 'unverified'
    end) as outcome
    from (
        select *, predicted_answer is not null and correct is null and failure is null
            and drop_reason is distinct from 'unverified' as agrees
        from records
    )
);
comment on view verdicts is
'One row per record: its outcome, and whether it is verified: its answer is gold, or it is a rule beside a verified thought.';

create or replace view "yield" as
select
    thought,
    outcome,
    count(*) as records,
    round(count(*) / sum(count(*)) over (partition by thought), 4) as share,
    count(*) filter (kept) as kept
from records join verdicts using (record_id)
group by thought, outcome;
comment on view "yield" is
'One row per thought and outcome: correct, supported, agreed, checked, unverified, right_by_chance, incorrect, or the failure.';

create or replace view cost as
select
    c.thought,
    c.teacher,
    c.model,
    c.prompt_sha,
    count(*) as completions,
    sum(c.prompt_tokens) as prompt_tokens,
    sum(c.cached_tokens) as cached_tokens,
    sum(c.completion_tokens) as completion_tokens,
    sum(c.reasoning_tokens) as reasoning_tokens,
    sum(c.cost_usd) as cost_usd,
    count(*) filter (v.verified) as verified_records,
    sum(c.cost_usd) / nullif(count(*) filter (v.verified), 0) as cost_per_verified_record_usd
from completions c
left join records r using (completion_id) -- problems that a teacher wrote are not records, and cost too
left join verdicts v using (record_id)
group by c.thought, c.teacher, c.model, c.prompt_sha;
comment on view cost is
'One row per thought, teacher, model and prompt version: what its completions cost, in all and per verified record.';

create or replace view teachers as
with wrote as (
    select
        c.teacher,
        c.model,
        c.thought,
        c.problem_id,
        c.failure,
        c.completion_tokens,
        c.reasoning_tokens,
        c.cost_usd,
        c.latency_s,
        v.verified
    from completions c join records r using (completion_id) join verdicts v using (record_id)
),
-- Problems are grouped before they are counted: a set of all problems for each teacher would not fit in memory.
tried as (
    select teacher, model, thought, problem_id, bool_or(verified) as verified from wrote group by all
),
solved as (
    select problem_id, thought, min(teacher) = max(teacher) as only_teacher from tried where verified group by all
),
problems_of as (
    select
        teacher,
        model,
        thought,
        count(*) as problems,
        count(*) filter (verified) as verified_problems,
        count(*) filter (verified and only_teacher) as verified_alone
    from tried left join solved using (problem_id, thought)
    group by all
)
select
    teacher,
    model,
    thought,
    any_value(p.problems) as problems,
    count(*) as completions,
    count(*) filter (w.failure is not null) as unusable,
    count(*) filter (w.verified) as verified_records,
    any_value(p.verified_problems) as verified_problems,
    any_value(p.verified_alone) as verified_alone,
    sum(w.completion_tokens) as completion_tokens,
    sum(w.reasoning_tokens) as reasoning_tokens,
    sum(w.cost_usd) as cost_usd,
    sum(w.cost_usd) / nullif(count(*) filter (w.verified), 0) as cost_per_verified_record_usd,
    median(w.latency_s) as latency_s
from wrote w join problems_of p using (teacher, model, thought)
where teacher <> 'inherited' and teacher not in (select growth from growths)
group by teacher, model, thought;
comment on view teachers is
'One row per teacher, model and thought: what it wrote, what of it is verified, which problems no other teacher solved.';

create or replace view pairs as
select
    good.problem_id,
    p.problem,
    good.thought as correct_thought,
    good.record_id as correct_record_id,
    good.rationale as correct_rationale,
    bad.thought as incorrect_thought,
    bad.record_id as incorrect_record_id,
    bad.rationale as incorrect_rationale,
    bad.predicted_answer as incorrect_answer
from records good
join records bad using (problem_id)
join problems p using (problem_id)
where good.correct and good.drop_reason is distinct from 'right_by_chance' and not bad.correct;
comment on view pairs is 'One row per correct and incorrect rationale of one problem; filter on the thoughts.';

create or replace view lineage as
select
    r.record_id,
    r.problem_id,
    r.thought,
    r.sample,
    p.source,
    c.teacher,
    c.model,
    c.prompt_sha,
    m.messages as prompt,
    c.request_key,
    c.completion_id,
    p.problem,
    c.completion,
    c.reasoning,
    r.rationale,
    p.answer,
    r.predicted_answer,
    r.failure,
    r.correct,
    r.kept,
    r.drop_reason
from records r
join completions c using (completion_id)
join problems p on p.problem_id = r.problem_id
left join prompts m using (prompt_sha);
comment on view lineage is 'One row per record: the way from the problem over prompt, model and completion to its verdict.';

create or replace view descent as
with recursive line as (
    select problem_id, coalesce(parent_id, problem_id) as root_id, growth, (parent_id is not null)::integer as generation
    from problems
    where parent_id is null or parent_id not in (select problem_id from problems)
    union all
    select p.problem_id, line.root_id, p.growth, line.generation + 1
    from problems p join line on p.parent_id = line.problem_id
)
select * from line;
comment on view descent is
'One row per problem: the original it descends from, by which growth it was made, and how many lie between.';

create or replace view families as
select
    d.root_id,
    count(distinct d.problem_id) as problems,
    max(d.generation) as generations,
    array_to_string(list_sort(list(distinct d.growth) filter (d.growth is not null)), ', ') as growths,
    count(r.record_id) as records,
    count(r.record_id) filter (v.verified) as verified,
    count(r.record_id) filter (r.kept) as kept
from descent d left join records r using (problem_id) left join verdicts v using (record_id)
group by d.root_id;
comment on view families is 'One row per original: all that descends from it, itself included, and what their records came to.';

create or replace view growth_yield as
select
    growth,
    coalesce(reason, 'made') as outcome,
    count(*) as attempts,
    round(count(*) / sum(count(*)) over (partition by growth), 4) as share
from growths
group by growth, outcome;
comment on view growth_yield is 'One row per growth and outcome of its attempts: made, or why nothing was made.';

create or replace view growth_records as
with grown as (
    select r.*, v.verified,
        case when c.teacher = 'inherited' or c.teacher in (select growth from growths) then c.teacher
            else p.growth end as growth
    from completions c join records r using (completion_id) join verdicts v using (record_id)
    join problems p on p.problem_id = r.problem_id
)
select
    growth,
    thought,
    count(*) as records,
    count(*) filter (verified) as verified,
    round(avg(verified::integer), 4) as verified_share,
    count(*) filter (kept) as kept
from grown
where growth is not null
group by growth, thought;
comment on view growth_records is
'One row per growth and thought: what its completions, or those for its problems, came to when they were verified.';

create or replace view rewritings as
select
    g.parent_id,
    g.growth,
    g.number,
    p.problem as parent,
    c.completion,
    g.problem_id,
    g.reason,
    c.teacher,
    c.model,
    c.request_key,
    c.cost_usd
from growths g
join completions c on c.problem_id = g.parent_id and c.thought = g.growth and c.sample = g.number
join problems p on p.problem_id = g.parent_id
where c.teacher <> g.growth;
comment on view rewritings is
'One row per problem that a teacher was asked to write: what it wrote, and why it was rejected, if it was.';

-- Smoothed by one record each way. Left out are checks that know the gold answer, and `solved`, which all here pass.
create or replace view check_weights as
with labelled as (
    select record_id, thought, correct from records where split = 'train' and correct is not null
),
totals as (
    select thought, count(*) filter (correct) as right_records, count(*) filter (not correct) as wrong_records
    from labelled
    group by thought
),
counted as (
    select
        thought,
        "check",
        passed,
        count(*) filter (correct) as right_records,
        count(*) filter (not correct) as wrong_records
    from labelled join checks using (record_id)
    where passed is not null and "check" not in ('solved', 'equal_by', 'leaks_answer')
    group by thought, "check", passed
)
select
    c.thought,
    c."check",
    c.passed,
    c.right_records,
    c.wrong_records,
    ln((c.right_records + 1) / (t.right_records + 2)) - ln((c.wrong_records + 1) / (t.wrong_records + 2)) as weight
from counted c join totals t using (thought);
comment on view check_weights is
'One row per thought, check and verdict: what it adds to the log odds that a record is right, learnt on train.';

create or replace view scores as
with prior as (
    select
        thought,
        ln((count(*) filter (correct) + 1) / (count(*) filter (not correct) + 1)) as log_odds
    from records
    where split = 'train' and correct is not null
    group by thought
)
select
    r.record_id,
    r.thought,
    round(1 / (1 + exp(-any_value(p.log_odds) - coalesce(sum(w.weight), 0))), 6) as score
from records r
join prior p using (thought)
left join checks c on c.record_id = r.record_id
left join check_weights w on w.thought = r.thought and w."check" = c."check" and w.passed = c.passed
where r.predicted_answer is not null
group by r.record_id, r.thought;
comment on view scores is
'One row per record with an answer: how likely it is right, by its checks alone and without its gold answer (naive Bayes).';

create or replace view calibration as
select
    r.thought,
    least(floor(s.score * 10), 9)::integer as tenth,
    count(*) as records,
    avg(s.score) as mean_score,
    avg(r.correct::integer) as right_share,
    avg((s.score - r.correct::integer) ** 2) as brier
from scores s join records r using (record_id)
where r.split <> 'train' and r.correct is not null
group by r.thought, tenth;
comment on view calibration is
'One row per thought and tenth of the score, for records outside train: how often they are right, and the Brier score.';

create or replace view difficulty as
select
    r.problem_id,
    r.thought,
    c.teacher,
    c.model,
    count(*) as samples,
    count(*) filter (r.correct) as correct,
    round(avg((r.correct is true)::integer), 4) as right_share
from records r join completions c using (completion_id)
where r.correct is not null or r.failure is not null
group by r.problem_id, r.thought, c.teacher, c.model;
comment on view difficulty is
'One row per problem, thought, teacher and model: the share of its samples that are right; filter finetune.where on it.';

create or replace view requests as
select
    c.completion_id,
    c.request_key,
    c.problem_id,
    c.thought,
    c.sample,
    c.teacher,
    c.model,
    c.prompt_sha,
    s.parameters,
    c.finish_reason,
    c.latency_s,
    a.endpoint,
    a.failed,
    a.last_fault,
    make_timestamp((a.answered_at * 1e6)::bigint) as answered_at
from completions c
left join samplings s using (thought, teacher, sample)
left join attempts a using (request_key);
comment on view requests is
'One row per completion: how it was asked for; endpoint, failed attempts and time (UTC) where this machine knows them.';

create or replace view chats as
select
    c.completion_id,
    list_append(
        from_json(m.messages, '[{"role": "VARCHAR", "content": "VARCHAR"}]'),
        {
            'role': 'user',
            'content': concat_ws(
                e'\n\n',
                case when list_contains(string_split(m.given, ', '), 'problem') then e'Problem:\n' || p.problem end,
                case when list_contains(string_split(m.given, ', '), 'solution') and p.solution <> ''
                    then e'Worked solution:\n' || p.solution end
            )
        }
    ) as messages
from completions c
join prompts m using (prompt_sha)
join problems p on p.problem_id = c.problem_id
where m.given is not null;
comment on view chats is 'One row per completion of a teacher: all messages that it was sent, the problem last.';
