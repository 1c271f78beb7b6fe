"""`thoughtmill show`: a problem with all that was written about it."""

from pathlib import Path

from tests import small_corpus as small_corpus_rows
from thoughtmill.factory.commands.show import shown
from thoughtmill.factory.core import tables
from thoughtmill.factory.core.corpus import open_corpus
from thoughtmill.factory.tabulate import tabulate
from thoughtmill.schemas import TABLES


def test_an_unknown_gold_answer_and_a_record_without_a_verdict_are_called_so(small_corpus: Path) -> None:
    for name, changed in (("problems", {"answer": None}), ("records", {"correct": None})):
        path = small_corpus / f"{name}.parquet"
        rows = [row | changed for row in tables.TableReader(path, TABLES[name])]
        tables.write(path, TABLES[name], rows)
    tabulate(small_corpus, small_corpus_rows.THOUGHTS, small_corpus / "corpus.duckdb")
    said = shown(open_corpus(small_corpus).con, "ours-train-0")
    assert "gold answer: unknown" in said
    assert "no verdict" in said
    assert "None" not in said
