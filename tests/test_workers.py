"""What threads are given and hand back: the worlds themselves, and batches that never take long."""

import time
from collections.abc import Callable, Iterable
from pathlib import Path

import pytest
from campaigns import run, tables, write_campaign

from propagation.experiment import workers
from propagation.experiment.batches import Batch
from propagation.experiment.replicates import Laboratory
from propagation.experiment.workers import Workers


class Pickled(Exception):  # noqa: N818  not an error but what is looked for
    """A laboratory was pickled."""


def refuse(laboratory: Laboratory) -> None:
    raise Pickled


def test_threads_share_the_laboratory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Laboratory, "__reduce__", refuse)
    monkeypatch.setattr(Laboratory, "__reduce_ex__", lambda self, protocol: refuse(self))
    run(write_campaign(tmp_path), tmp_path / "out", workers=3)
    assert tables(tmp_path / "out")[0].num_rows == 26


def test_that_processes_do_not_share_it_is_noticed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The planted fault of the test above: pickling is seen where it happens."""
    monkeypatch.setattr(Laboratory, "__reduce__", refuse)
    monkeypatch.setattr(Laboratory, "__reduce_ex__", lambda self, protocol: refuse(self))
    with pytest.raises(Pickled):
        run(write_campaign(tmp_path), tmp_path / "out", workers=1, engine="mesa")


class Slow(Laboratory):
    """Takes a tenth of a second for each replicate."""

    in_processes = False

    def __init__(self) -> None:
        self.asked: list[list[int]] = []

    def run(
        self, draw: int, replicates: Iterable[int], stopped: Callable[[], bool] = lambda: False
    ) -> Batch:
        self.asked.append(list(replicates))
        done = []
        for one in self.asked[-1]:
            if stopped():
                break
            time.sleep(0.1)
            done.append(one)
        return Batch(tuple(done), {}, {}, {})


@pytest.mark.parametrize("seconds", [0.15, 60.0])
def test_long_batches_come_in_pieces(monkeypatch: pytest.MonkeyPatch, seconds: float) -> None:
    """With a limit beyond the batch, the planted fault, they come as one."""
    monkeypatch.setattr(workers, "BATCH_SECONDS", seconds)
    slow, found = Slow(), []
    with Workers(slow, 1) as pool:
        pool.submit([(0, list(range(7)))])
        while pool.busy:
            found += pool.done(0.05)
    assert sorted(one for batch in found for one in batch.replicates) == list(range(7))
    pieces = [batch.replicates for batch in found]
    assert (len(pieces) > 2) == (seconds < 1), pieces
    if seconds < 1:
        assert max(map(len, pieces)) < 7


def test_what_is_stopped_is_not_begun_again(monkeypatch: pytest.MonkeyPatch) -> None:
    slow = Slow()
    with Workers(slow, 1) as pool:
        pool.submit([(0, list(range(50)))])
        time.sleep(0.25)
        batches = pool.stop()
        assert not pool.busy
    assert 0 < sum(len(batch.replicates) for batch in batches) < 50
    assert len(slow.asked) == 1
