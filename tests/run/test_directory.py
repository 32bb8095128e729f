"""Run directories: a free name each time, nothing overwritten, one line an epoch."""

import json

import pytest

from minicnn.run.directory import RunDirectory, RunDirectoryError, existing_run, new_run, write_json


@pytest.fixture(autouse=True)
def _in_an_empty_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def test_each_run_gets_the_next_free_name():
    assert [str(new_run(None, "pets").path) for _ in range(3)] == ["runs/pets", "runs/pets-2", "runs/pets-3"]


def test_out_names_the_directory_and_makes_its_parents(tmp_path):
    assert new_run(tmp_path / "a" / "b", "pets").path.is_dir()
    (tmp_path / "empty").mkdir()
    assert new_run(tmp_path / "empty", "pets").path == tmp_path / "empty"


@pytest.mark.parametrize(
    ("file", "message"),
    [
        ("metrics.json", "a finished run, which is never overwritten"),
        ("config.json", "an unfinished run: go on with `minicnn train --resume"),
        ("letter.txt", "is not empty"),
    ],
)
def test_nothing_is_overwritten(tmp_path, file, message):
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / file).write_text("{}")
    with pytest.raises(RunDirectoryError, match=message):
        new_run(tmp_path / "out", "pets")


def test_a_file_is_no_directory(tmp_path):
    (tmp_path / "runs").touch()
    with pytest.raises(RunDirectoryError, match="is a file"):
        new_run(tmp_path / "runs", "pets")
    with pytest.raises(NotADirectoryError):
        new_run(None, "pets")


def test_a_run_is_finished_once_it_has_results(tmp_path):
    run = RunDirectory(tmp_path)
    assert not run.finished
    write_json(run.metrics, {})
    assert run.finished


def test_the_config_comes_back_whatever_the_names(tmp_path):
    config = {"names": ["日本", "a\udcffb", 'q"u']}
    write_json(tmp_path / "config.json", config)
    assert existing_run(tmp_path)[1] == {"names": ["日本", "a?b", 'q"u']}
    assert "日本" in (tmp_path / "config.json").read_text(encoding="utf-8")


def test_directories_without_a_run_and_damaged_configs_are_refused(tmp_path):
    with pytest.raises(RunDirectoryError, match="is not the directory of a run"):
        existing_run(tmp_path)
    (tmp_path / "config.json").write_text(json.dumps({"a": 1})[:-1])
    with pytest.raises(RunDirectoryError, match="cannot be read"):
        existing_run(tmp_path)
