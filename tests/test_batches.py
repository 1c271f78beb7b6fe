import torch
from hypothesis import given
from hypothesis import strategies as st

from thoughtmill.train.training import batches
from thoughtmill.train.training.batches import IGNORED, collate, passes, rows, steps_of_epoch

LENGTHS = st.lists(st.integers(1, 60), min_size=1, max_size=80)
ENCODED = [([5, 6, 7], [8, 9, 1]), ([4], [3, 1]), ([2, 2], [1])]


@given(LENGTHS, st.integers(1, 9), st.booleans(), st.integers(0, 3))
def test_an_epoch_shows_every_example_once(lengths: list[int], each: int, packs: bool, epoch: int) -> None:
    steps = steps_of_epoch(lengths, each, packs, seed=0, epoch=epoch)
    assert sorted(one for step in steps for one in step) == list(range(len(lengths)))
    assert all(0 < len(step) <= each for step in steps)
    assert steps == steps_of_epoch(lengths, each, packs, seed=0, epoch=epoch)


def test_epochs_and_seeds_differ_in_order() -> None:
    orders = [steps_of_epoch([1] * 50, 5, True, seed, epoch) for seed, epoch in ((0, 0), (0, 1), (1, 0))]
    assert orders[0] != orders[1] != orders[2] != orders[0]


def test_where_nothing_can_be_packed_a_step_is_of_like_lengths() -> None:
    lengths = [(at * 37) % 101 + 1 for at in range(320)]

    def waste(packs: bool) -> int:
        steps = steps_of_epoch(lengths, 8, packs, 0, 0)
        return sum(max(lengths[one] for one in step) * len(step) for step in steps) - sum(lengths)

    assert waste(packs=False) < waste(packs=True) / 5


@given(LENGTHS)
def test_a_row_is_never_longer_than_the_longest_example(lengths: list[int]) -> None:
    filled = rows(lengths, range(len(lengths)), packs=True)
    assert sorted(one for row in filled for one in row) == list(range(len(lengths)))
    assert max(sum(lengths[one] for one in row) for row in filled) == max(lengths)


def test_rows_of_mixed_lengths_are_nearly_full() -> None:
    lengths = [(at * 37) % 101 + 20 for at in range(64)]
    filled = rows(lengths, range(64), packs=True)
    assert sum(lengths) / (len(filled) * max(lengths)) > 0.95


def test_without_packing_every_example_has_its_own_row() -> None:
    assert rows([3, 9, 4], [0, 1, 2], packs=False) == [[1], [2], [0]]


@given(LENGTHS, st.integers(10, 200))
def test_a_pass_holds_no_more_tokens_than_it_may_unless_one_row_alone_does(
    lengths: list[int], most: int
) -> None:
    filled = rows(lengths, range(len(lengths)), packs=True)
    cut = passes(lengths, filled, most)
    assert [row for part in cut for row in part] == filled
    for part in cut:
        width = max(sum(lengths[one] for one in row) for row in part)
        assert len(part) == 1 or width * len(part) <= most


def test_the_target_follows_the_last_token_of_the_prompt_and_the_end_follows_the_target() -> None:
    batch = collate(ENCODED, [[0]], pad=0, start=None)
    assert batch.inputs["input_ids"].tolist() == [[5, 6, 7, 8, 9, 1]]
    assert batch.next_BT.tolist() == [[IGNORED, IGNORED, 8, 9, 1, IGNORED]]


def test_examples_of_a_row_keep_their_own_positions_and_teach_nothing_across() -> None:
    batch = collate(ENCODED, [[0], [1, 2]], pad=0, start=None)
    assert batch.inputs["input_ids"].tolist() == [[5, 6, 7, 8, 9, 1], [4, 3, 1, 2, 2, 1]]
    assert batch.inputs["position_ids"].tolist() == [[0, 1, 2, 3, 4, 5], [0, 1, 2, 0, 1, 2]]
    assert batch.next_BT[1].tolist() == [3, 1, IGNORED, IGNORED, 1, IGNORED]


def test_padding_teaches_nothing_and_stands_apart() -> None:
    batch = collate(ENCODED, [[0, 1], [1]], pad=0, start=None)
    assert batch.inputs["input_ids"][1].tolist() == [4, 3, 1, 0, 0, 0, 0, 0, 0]
    assert batch.inputs["position_ids"][1].tolist() == [0, 1, 2, 0, 0, 0, 0, 0, 0]
    assert batch.next_BT[1].tolist() == [3, 1] + [IGNORED] * 7


def test_examples_with_rows_of_their_own_need_no_positions() -> None:
    assert set(collate(ENCODED, [[0], [1]], pad=0, start=None).inputs) == {"input_ids"}


def test_a_decoder_of_its_own_reads_the_target_one_behind() -> None:
    batch = collate(ENCODED, [[0], [1]], pad=0, start=7)
    assert batch.inputs["input_ids"].tolist() == [[5, 6, 7], [4, 0, 0]]
    assert batch.inputs["attention_mask"].tolist() == [[1, 1, 1], [1, 0, 0]]
    assert batch.inputs["decoder_input_ids"].tolist() == [[7, 8, 9], [7, 3, 0]]
    assert batch.next_BT.tolist() == [[8, 9, 1], [3, 1, IGNORED]]


def test_every_target_token_is_taught_exactly_once_however_it_is_batched() -> None:
    for start, filled in ((None, [[0], [1, 2]]), (None, [[0, 1, 2]]), (7, [[0], [1], [2]])):
        batch = collate(ENCODED, filled, pad=0, start=start)
        taught = batch.next_BT[batch.next_BT != IGNORED].tolist()
        assert sorted(taught) == sorted(token for _, target in ENCODED for token in target)


def test_a_batch_moves_whole() -> None:
    moved = collate(ENCODED, [[0]], pad=0, start=None).to(torch.device("meta"))
    assert {tensor.device.type for tensor in (*moved.inputs.values(), moved.next_BT)} == {"meta"}
    assert isinstance(moved, batches.Batch)
