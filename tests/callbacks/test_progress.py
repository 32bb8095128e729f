"""The display of fit, in a terminal and elsewhere."""

import contextlib
import io
import re

import pytest
from rich.console import Console

from minicnn.callbacks import CallbackList, progress_display
from minicnn.callbacks.progress import compilation_display
from minicnn.kernels.cpu import prepare

LOGS = [{"loss": 0.5, "accuracy": 0.25}, {"loss": 0.00025, "accuracy": 0.75}]
LINES = [r"Epoch 1/2  \d+\.\d s  \d+ images/s  loss: 0\.5000  accuracy: 0\.2500", r"Epoch 2/2 .* loss: 2\.5000e-04 .*"]


def shown(training, verbose, terminal, **options):
    file = io.StringIO()
    console = Console(file=file, force_terminal=terminal, width=120, force_jupyter=False)
    training.fit(progress_display(verbose, console), LOGS, **options)
    return file.getvalue()


def plain(text):
    return re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", text)


def finished_lines(text):
    return [line for line in plain(text).replace("\r", "\n").split("\n") if " s  " in line]


@pytest.mark.parametrize(("verbose", "terminal"), [(2, False), (2, True), (1, False)])
def test_one_plain_line_an_epoch(training, verbose, terminal):
    lines = plain(shown(training, verbose, terminal)).splitlines()
    assert len(lines) == 2
    for line, pattern in zip(lines, LINES):
        assert re.fullmatch(pattern, line.rstrip())


def test_live_in_a_terminal(training):
    text = shown(training, verbose=1, terminal=True)
    assert "\x1b[?25l" in text  # the cursor is hidden …
    assert text.rindex("\x1b[?25h") > text.rindex("\x1b[?25l")  # … and comes back
    assert "validating" in plain(text) or "2/2" in plain(text)
    lines = finished_lines(text)
    assert len(lines) == 2
    for line, pattern in zip(lines, LINES):
        assert re.fullmatch(pattern, line.rstrip())


def test_an_interrupted_training_gives_the_cursor_back():
    console = Console(file=(file := io.StringIO()), force_terminal=True, force_jupyter=False)
    with contextlib.suppress(KeyboardInterrupt), CallbackList(progress_display(1, console), None, {}) as listener:
        listener.on_epoch_begin(0)
        raise KeyboardInterrupt
    text = file.getvalue()
    assert text.rindex("\x1b[?25h") > text.rindex("\x1b[?25l")


def test_live_numbers_of_a_batch():
    console = Console(file=(file := io.StringIO()), force_terminal=True, width=120, force_jupyter=False)
    (display,) = progress_display(1, console)
    display.set_params({"epochs": 3, "steps": 5})
    display.on_train_begin()
    display.on_epoch_begin(0)
    display.on_train_batch_end(1, {"loss": 0.5, "size": 4})
    display.close()
    text = plain(file.getvalue())
    assert re.search(r"Epoch 1/3 .* 2/5 \d+ images/s .*loss: 0.5000", text)
    assert "size" not in text


def test_live_without_known_steps(training):
    assert len(finished_lines(shown(training, verbose=1, terminal=True, steps=None))) == 2


def test_brackets_in_names_are_no_markup(training):
    file = io.StringIO()
    training.fit(progress_display(2, Console(file=file, width=120)), [{"loss[red]": 1.0}])
    assert "loss[red]: 1.0000" in file.getvalue()


@pytest.mark.parametrize("terminal", [True, False])
def test_silent(training, terminal):
    assert shown(training, verbose=0, terminal=terminal) == ""


# Compilation


def terminal(is_one=True):
    return Console(file=io.StringIO(), force_terminal=is_one, width=120, force_jupyter=False)


def compile_two():
    for done in range(3):
        for listener in prepare.listeners:
            listener(done, 2)


def test_the_live_line_tells_how_many_kernels_are_compiled():
    console = terminal()
    with CallbackList(progress_display(1, console), None, {}) as listener:
        listener.on_epoch_begin(0)
        prepare.listeners[0](1, 2)
        listener.callbacks[0]._bar.refresh()
        assert "compiling kernels for this network: 1/2" in plain(console.file.getvalue())
        compile_two()
        shown_before = len(console.file.getvalue())
        listener.callbacks[0]._bar.refresh()
        assert "compiling" not in console.file.getvalue()[shown_before:]
    assert not prepare.listeners


def test_a_line_while_kernels_are_compiled():
    console = terminal()
    with compilation_display("auto", console):
        compile_two()
        text = console.file.getvalue()
    assert "compiling kernels for this network: " in plain(text)
    assert text.rindex("\x1b[?25h") > text.rindex("\x1b[?25l")
    assert not prepare.listeners


def test_an_interrupted_compilation_gives_the_cursor_back():
    console = terminal()
    with contextlib.suppress(KeyboardInterrupt), compilation_display(1, console):
        prepare.listeners[0](0, 2)
        raise KeyboardInterrupt
    text = console.file.getvalue()
    assert text.rindex("\x1b[?25h") > text.rindex("\x1b[?25l")
    assert not prepare.listeners


@pytest.mark.parametrize(("verbose", "is_terminal"), [(0, True), (1, False), ("auto", False)])
def test_no_line_where_it_is_not_wanted(verbose, is_terminal):
    console = terminal(is_terminal)
    with compilation_display(verbose, console):
        assert not prepare.listeners
        compile_two()
    assert not console.file.getvalue()
