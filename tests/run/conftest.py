"""Folders of a few coloured images."""

import pytest

from ..folders import make_folder


@pytest.fixture
def photos(tmp_path):
    """20 red, 12 green and 8 blue images of 12×12."""
    return make_folder(tmp_path / "photos", {"red": 20, "green": 12, "blue": 8})


@pytest.fixture
def settings_of():
    """Settings for a source, with some of them given."""
    from minicnn.run.defaults import completed

    return lambda source, **wanted: completed(wanted, source)
