"""Calls that threads make in the background, and items that are drawn ahead."""

import subprocess
import sys
import threading
import time

import pytest

from minicnn.data.background import Background, drawn_ahead


def threads():
    return [thread for thread in threading.enumerate() if thread.name == "minicnn-background"]


def wait_until_no_thread_is_left():
    for thread in threads():
        thread.join(10)
    assert not threads()


def test_results_belong_to_their_calls_whoever_ends_first():
    background = Background(threads=3)
    calls = [background.submit(lambda n=n: time.sleep(0.01 * (n % 3)) or n) for n in range(12)]
    assert [call.result(10) for call in calls] == list(range(12))


def test_so_many_calls_run_at_once_and_no_more():
    everyone_is_here, at_once, most = threading.Barrier(3), [0], [0]

    def call():
        at_once[0] += 1
        most[0] = max(most[0], at_once[0])
        everyone_is_here.wait(10)
        at_once[0] -= 1

    background = Background(threads=3)
    for future in [background.submit(call) for _ in range(6)]:
        future.result(10)
    assert most == [3]


def test_an_exception_is_raised_where_the_result_is_asked_for_and_the_thread_goes_on():
    background = Background(threads=1)
    failing, after = background.submit(lambda: 1 / 0), background.submit(lambda: "done")
    with pytest.raises(ZeroDivisionError):
        failing.result(10)
    assert after.result(10) == "done"


def test_threads_end_with_the_work_and_come_back_with_new_work():
    background = Background(threads=2)
    for _ in range(2):
        assert [background.submit(abs, -n).result(10) for n in range(3)] == [0, 1, 2]
        wait_until_no_thread_is_left()


def test_dropped_calls_do_not_happen():
    background, begun, go_on = Background(threads=1), threading.Event(), threading.Event()
    first = background.submit(lambda: begun.set() or go_on.wait(10))
    second = background.submit(lambda: pytest.fail("called"))
    begun.wait(10)
    background.drop()
    go_on.set()
    assert first.result(10) is True
    wait_until_no_thread_is_left()
    assert not second.done()


def test_a_program_ends_without_doing_what_nobody_waits_for():
    program = """
import time
from minicnn.data.background import Background
background = Background(threads=2)
calls = [background.submit(lambda: (time.sleep(0.05), print("called", flush=True))) for _ in range(1000)]
calls[0].result()
"""
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=300, check=True)
    assert 1 <= ended.stdout.count("called") < 1000
    assert not ended.stderr


@pytest.mark.parametrize("count", [0, 1, 3, 10])
def test_items_come_in_order_drawn_so_many_ahead(count):
    drawn = []
    items = drawn_ahead((drawn.append(n) or n for n in range(6)), count)
    for n in range(6):
        assert next(items) == n
        assert drawn == list(range(min(n + 1 + count, 6)))
    assert list(items) == []
