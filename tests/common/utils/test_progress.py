"""Progress: a bar in a terminal, few lines in a log, nothing from Python."""

import logging
import re
import sys
import threading

import pytest
from tqdm import tqdm

from latent_rationale.common.utils import progress
from latent_rationale.common.utils.console import LOGGER, run_command
from latent_rationale.common.utils.progress import Progress, track


@pytest.fixture
def clock(monkeypatch):
    """A clock that tests set."""

    class Clock:
        now = 100.0

        def __call__(self):
            return self.now

    clock = Clock()
    monkeypatch.setattr(progress, "monotonic", clock)
    return clock


@pytest.fixture
def lines(caplog):
    caplog.set_level(logging.INFO, LOGGER.name)
    return lambda: [record.getMessage() for record in caplog.records]


def test_a_log_gets_a_line_after_two_seconds_and_then_every_half_minute(clock, lines):
    with Progress("step", 1000) as steps:
        for _ in range(1000):
            clock.now += 0.125
            steps.advance()
    assert [re.match(r"step (\d+) of 1,000", line)[1] for line in lines()] == ["16", "256", "496", "736", "976"]


def test_a_line_tells_numbers_speed_and_time_left(clock, lines):
    with Progress("step", 8550, done=100) as steps:
        steps.show({"loss": "1.210", "selected": "0.310"})
        for _ in range(5):
            clock.now += 0.5
            steps.advance()
    assert lines() == ["step 104 of 8,550, loss 1.210, selected 0.310, 2.0 steps/s, 70 min left"]


@pytest.mark.parametrize(("seconds", "text"), [(40.2, "40 s"), (100, "2 min"), (660, "11 min"), (12600, "3.5 h")])
def test_durations(seconds, text):
    assert progress._duration(seconds) == text


def test_a_part_of_a_command_tells_what_it_is(clock, lines):
    found = []
    for number in track(iter(range(5)), "line", what="reading train.txt"):
        clock.now += 1
        found.append(number)
    assert found == list(range(5))
    assert lines() == ["reading train.txt: 2 lines"]


def test_a_quick_loop_leaves_no_line(clock, lines):
    assert list(track(range(5), "line", 5, "reading")) == list(range(5))
    assert lines() == []


def test_a_bar_is_drawn_in_the_terminal_of_a_command_alone(lines, monkeypatch, capsys):
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True, raising=False)
    list(track(range(5), "step", 5))
    assert capsys.readouterr().err == ""
    assert run_command(lambda words: [list(track(range(5), "step", 5)), None][1], []) == 0
    assert "5/5" in capsys.readouterr().err
    assert lines() == []


def test_the_name_of_a_bar_does_nothing_to_a_terminal(monkeypatch, capsys):
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True, raising=False)
    monkeypatch.setattr(progress, "FIRST", 0)
    what = "reading a\x1b[2Jb"
    assert run_command(lambda words: [list(track(range(5), "line", 5, what)), None][1], []) == 0
    assert "reading a\\x1b[2Jb" in capsys.readouterr().err


def test_bars_have_no_thread_that_could_wait_for_their_lock(monkeypatch, capsys):
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True, raising=False)
    monkeypatch.setattr(tqdm, "monitor", None)
    monkeypatch.setattr(tqdm, "monitor_interval", 10)
    before = threading.active_count()
    counts = []
    assert run_command(lambda _: [counts.append(threading.active_count()) for _ in track(range(5), "x", 5)][5:]) == 0
    assert counts == [before] * 5


def test_a_loop_that_is_left_early_closes_its_bar(monkeypatch, capsys):
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True, raising=False)

    def command(words):
        for number in track(range(5), "step", 5):
            if number == 3:
                return

    assert run_command(command, []) == 0
    assert capsys.readouterr().err.endswith("\n")
