"""`minicnn lab bugs`: the list, the script, the hint and the solution."""

import pytest

from minicnn.lab import BUGS, find, number_of


def test_the_list_says_how_many_and_how_hard_but_not_what(run):
    code, out, err = run("lab", "bugs")
    assert (code, err) == (0, "")
    for expected in ("convolution", "★★★", "minicnn lab bugs 1"):
        assert expected in out
    assert not any(bug.name in out or bug.hint in out for bug in BUGS)


def test_the_list_in_json(run):
    found = run("lab", "bugs", "--json").json
    assert [entry["number"] for entry in found["bugs"]] == list(range(1, len(BUGS) + 1))
    assert {frozenset(entry) for entry in found["bugs"]} == {frozenset(("number", "subject", "level"))}
    assert list(found["levels"]) == ["1", "2", "3"]


def test_a_script_is_written_once(run, tmp_path):
    code, out, _ = run("lab", "bugs", "4")
    assert code == 0
    assert "python bug_4.py" in out
    script = (tmp_path / "bug_4.py").read_text(encoding="utf-8")
    assert "lab.plant(4)" in script
    code, out, err = run("lab", "bugs", "4")
    assert (code, out) == (2, "")
    assert "bug_4.py is there already" in err
    assert (tmp_path / "bug_4.py").read_text(encoding="utf-8") == script


def test_a_folder_that_cannot_be_written(run, monkeypatch):
    monkeypatch.chdir("/proc")
    code, out, err = run("lab", "bugs", "4", "--json")
    assert (code, out) == (2, "")
    assert "cannot write bug_4.py" in err


def test_hint_and_solution(run, tmp_path):
    bug = find("power_loses_its_factor")
    number = number_of(bug)
    assert run("lab", "bugs", number, "--hint").out == bug.hint + "\n"
    out = run("lab", "bugs", number, "--solution").out
    for expected in (bug.story, "-        return", "+        return", "def power()", "gradcheck(lambda a: a**2.5"):
        assert expected in out
    found = run("lab", "bugs", bug.name, "--hint", "--solution", "--json").json
    assert (found["number"], found["hint"], found["diff"]) == (number, bug.hint, bug.diff())
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["lab"], "Missing command"),
        (["lab", "bugs", "0"], f"no bug '0': they are numbered 1 … {len(BUGS)}"),
        (["lab", "bugs", "power_loses_factor"], "did you mean 'power_loses_its_factor'?"),
        (["lab", "bugs", "--hint"], "need the number of a bug"),
    ],
)
def test_wrong_usage_is_one_line(run, arguments, message):
    code, out, err = run(*arguments)
    assert (code, out) == (2, "")
    assert message in err
    assert err.count("\n") == 1
