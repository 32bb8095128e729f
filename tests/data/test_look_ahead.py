"""Looking ahead: results in order and errors in place, whatever the threads do, and no more ahead than allowed."""

import itertools
import threading
import time

import numpy as np
import pytest

from minicnn.data.look_ahead import look_ahead


def test_results_come_in_order_however_long_each_takes():
    pauses = np.random.default_rng(0).uniform(0, 0.004, 40)

    def slow(i):
        time.sleep(pauses[i])
        return i

    assert list(look_ahead(slow, range(40), workers=4, at_most=7)) == list(range(40))


def test_the_work_is_done_by_several_other_threads():
    both_busy = threading.Barrier(2, timeout=10)

    def meet(_):
        both_busy.wait()
        return threading.current_thread()

    threads = set(look_ahead(meet, range(2), workers=2, at_most=2))
    assert len(threads) == 2
    assert threading.main_thread() not in threads


def test_no_more_items_are_taken_than_allowed():
    taken = []

    def items():
        for i in itertools.count():
            taken.append(i)
            yield i

    results = look_ahead(abs, items(), at_most=3)
    assert [next(results) for _ in range(5)] == list(range(5))
    assert taken == list(range(5 + 3))
    results.close()


def test_items_are_taken_in_the_thread_that_iterates():
    where = []

    def items():
        for i in range(5):
            where.append(threading.current_thread())
            yield i

    list(look_ahead(abs, items()))
    assert set(where) == {threading.current_thread()}


def test_an_error_comes_where_its_result_should_have_come():
    results = look_ahead(lambda i: 1 // (2 - i), range(5))
    assert [next(results), next(results)] == [0, 1]
    with pytest.raises(ZeroDivisionError):
        next(results)


def test_who_stops_early_waits_for_nobody_and_nothing_more_is_begun():
    """It may happen in any thread, where garbage is collected, so that waiting could last for ever."""
    before = set(threading.enumerate())
    busy, released, done = threading.Barrier(3, timeout=10), threading.Event(), []

    def work(i):
        if i in (1, 2):
            busy.wait()
            released.wait(10)
        done.append(i)

    results = look_ahead(work, itertools.count(), workers=2, at_most=10)
    next(results)
    busy.wait()
    results.close()
    assert done == [0]
    released.set()
    for thread in set(threading.enumerate()) - before:
        thread.join(timeout=10)
        assert not thread.is_alive()
    assert sorted(done) == [0, 1, 2]


def test_nothing_to_do_gives_nothing():
    assert list(look_ahead(abs, [])) == []
