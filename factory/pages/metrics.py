"""The numbers of a corpus to compare two by: for `dvc metrics` and `dvc plots`."""

from pathlib import Path
from typing import Any

import duckdb

from thoughtmill.factory.core.files import aside
from thoughtmill.factory.pages.agreements import shares
from thoughtmill.factory.pages.queries import THOUGHTS, row, rows

JUDGED = """completions left join (
    select completion_id, verified from records join verdicts using (record_id)
) using (completion_id)"""

COST = f"""
select
    sum(prompt_tokens) as prompt_tokens,
    sum(completion_tokens) as completion_tokens,
    round(sum(cost_usd), 6) as cost_usd,
    round(sum(cost_usd) / nullif(count(*) filter (verified), 0), 6) as cost_per_verified_record_usd
from {JUDGED}
"""

PLOTS = {
    "yield": """
        select thought || ': ' || outcome as outcome, records
        from "yield" order by thought, records desc, outcome
    """,
    "agreement": """
        select agreeing || ' of ' || answers || ' thoughts agree' as agreement, count(*) as problems
        from agreement group by agreeing, answers order by agreeing desc, answers
    """,
    "cost": f"""
        select
            thought,
            round(sum(completion_tokens) / nullif(count(*) filter (verified), 0), 2)
                as completion_tokens_per_verified_record,
            round(sum(cost_usd) / nullif(count(*) filter (verified), 0), 6)
                as cost_per_verified_record_usd
        from {JUDGED} group by thought order by thought
    """,
}
"""The query of each file of `data/plots/`; `dvc.yaml` says how it is drawn."""


def metrics(con: duckdb.DuckDBPyConnection) -> dict[str, Any]:
    """Return the numbers of each thought, of the thoughts' agreement, and the cost of the completions."""
    agreed = shares(con)
    return {
        "problems": agreed["problems"],
        "thoughts": {found.pop("thought"): found for found in rows(con, THOUGHTS)},
        "agreement": {
            "any_correct_share": _share(agreed["any_correct"], agreed["problems"]),
            "agreed_correct_share": _share(agreed["agreed_correct"], agreed["problems"]),
            "unanimous_share": _share(agreed["unanimous"], agreed["problems"]),
            "unanimous_correct_share": _share(agreed["unanimous_correct"], agreed["unanimous"]),
            "doubtful_golds": agreed["doubtful_golds"],
        },
        "cost": row(con, COST),
    }


def plots(con: duckdb.DuckDBPyConnection, folder: Path) -> None:
    """Write a CSV file for each of `PLOTS` to a folder."""
    for name, query in PLOTS.items():
        with aside(folder / f"{name}.csv") as part:
            con.sql(query).write_csv(str(part))


def _share(part: int, whole: int) -> float | None:
    return round(part / whole, 4) if whole else None
