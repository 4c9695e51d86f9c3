from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator

import pytest

from crosslight.core.errors import InputError
from crosslight.viewer.jobs import REMEMBERED, Job, Worker, reason_of

from .conftest import wait_for


@pytest.fixture
def worker() -> Iterator[Worker]:
    made = Worker()
    yield made
    made.close(2)


def counting(order: list[str], name: str, steps: int, gate: threading.Event) -> Callable[[Job], Iterator[None]]:
    def work(job: Job) -> Iterator[None]:
        gate.wait(5)
        for _ in range(steps):
            order.append(name)
            yield

    return work


def kinds(job: Job) -> list[str]:
    return [event.data["type"] for event in job.since(0)]


def test_jobs_take_turns(worker: Worker) -> None:
    order: list[str] = []
    gate = threading.Event()
    jobs = [worker.add(Job(counting(order, name, 3, gate))) for name in "ab"]
    gate.set()
    assert wait_for(lambda: all(job.ended for job in jobs))
    assert "".join(order) == "ababab"
    assert [kinds(job) for job in jobs] == [["done"], ["done"]]


def test_one_that_fails_stops_no_other(worker: Worker) -> None:
    def broken(job: Job) -> Iterator[None]:
        yield
        raise InputError("no such thing in /home/somebody/secret/weights.pth")

    gate = threading.Event()
    gate.set()
    bad, good = worker.add(Job(broken)), worker.add(Job(counting([], "a", 3, gate)))
    assert wait_for(lambda: bad.ended and good.ended)
    assert [event.data.get("reason") for event in bad.since(0)] == ["no such thing in weights.pth", None]
    assert (kinds(bad), kinds(good)) == (["failed", "done"], ["done"])


def test_cancelling_stops_at_the_next_checkpoint(worker: Worker) -> None:
    passes, cleaned = [], threading.Event()

    def work(job: Job) -> Iterator[None]:
        try:
            while True:
                job.checkpoint()
                passes.append(1)
                time.sleep(0.005)
            yield
        finally:
            cleaned.set()

    job = worker.add(Job(work))
    assert wait_for(lambda: len(passes) > 3)
    worker.cancel(job)
    assert wait_for(lambda: job.ended, 1)
    count = len(passes)
    assert cleaned.is_set()
    time.sleep(0.05)
    assert (len(passes), kinds(job)) == (count, ["cancelled"])


def test_one_that_waits_is_cancelled_at_once_and_never_begins(worker: Worker) -> None:
    gate, order = threading.Event(), []  # type: ignore[var-annotated]
    first = worker.add(Job(counting(order, "a", 1, gate)))
    second = worker.add(Job(counting(order, "b", 1, gate)))
    worker.cancel(second)
    assert (second.ended, kinds(second), first.ended) == (True, ["cancelled"], False)
    gate.set()
    assert wait_for(lambda: first.ended)
    assert order == ["a"]


def test_after_the_end_nothing_is_told() -> None:
    job = Job(lambda job: iter(()))
    job.emit("map", x=float("nan"))
    job.end("done", seconds=1)
    job.emit("map")
    job.end("cancelled")
    assert [event.data for event in job.since(0)] == [{"type": "map", "x": None}, {"type": "done", "seconds": 1}]


def test_old_progress_is_replaced_and_numbers_go_on() -> None:
    job = Job(lambda job: iter(()))
    job.of = 2
    job.start("one", 10)
    job.start("two", 10)
    job.emit("map")
    job.start("three")
    found = job.since(0)
    assert [(event.id, event.data["type"], event.data.get("now")) for event in found] == [
        *[(2, "progress", "two"), (3, "map", None), (4, "progress", "three")]
    ]
    assert [event.id for event in job.since(3)] == [4]
    assert found[0].data["passes"] == [0, 10]


def test_passes_are_told_now_and_then() -> None:
    job = Job(lambda job: iter(()))
    job.start("one", 100)
    job._told = 0.0
    job.advance(7)
    job.advance(1)  # too soon to be told
    assert [event.data["passes"] for event in job.since(0)] == [[7, 100]]
    job._told = 0.0
    job.advance(500)
    assert job.since(0)[-1].data["passes"] == [100, 100]


def test_whoever_listens_is_rung() -> None:
    job, rings = Job(lambda job: iter(())), []
    with job.watched(lambda: rings.append(1)):
        job.emit("map")
        job.end("done")
    job.emit("map")
    assert len(rings) >= 2


def test_left_alone() -> None:
    job, stays = Job(lambda job: iter(())), Job(lambda job: iter(()), stays=True)
    assert not job.is_left_alone(60)
    assert job.is_left_alone(-1)
    assert not stays.is_left_alone(-1)
    with job.watched(lambda: None):
        assert not job.is_left_alone(-1)
    assert not job.is_left_alone(60)
    job.end("done")
    assert not job.is_left_alone(-1)


def test_few_finished_jobs_are_remembered(worker: Worker) -> None:
    gate = threading.Event()
    gate.set()
    made = []
    for _ in range(REMEMBERED + 4):
        made.append(worker.add(Job(counting([], "a", 1, gate))))
        assert wait_for(lambda: made[-1].ended)
    known = [job for job in made if worker.find(job.id) is job]
    assert known == made[-REMEMBERED:]


def test_closing_stops_what_runs() -> None:
    worker = Worker()

    def endless(job: Job) -> Iterator[None]:
        while True:
            job.checkpoint()
            time.sleep(0.005)
        yield

    job = worker.add(Job(endless))
    waiting = worker.add(Job(endless))
    assert worker.close(2)
    assert (kinds(job), kinds(waiting)) == (["cancelled"], ["cancelled"])


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("no file /a/b/c.pth", "no file c.pth"),
        ("scenes/resnet needs 1/2 of it; see https://host/path/x", "scenes/resnet needs 1/2 of it; see https://host/path/x"),
        (r"C:\Users\me\w.pt is gone", "w.pt is gone"),
        ("two\n lines", "two lines"),
    ],
)  # fmt: skip
def test_reasons_name_no_folder(text: str, told: str) -> None:
    assert reason_of(InputError(text)) == told
    assert reason_of(ValueError(text)) == f"ValueError: {told}"
