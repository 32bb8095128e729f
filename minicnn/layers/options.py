"""Keras options that have only one value here."""


def expect_channels_last(data_format: str | None) -> None:
    """Raise ValueError for "channels_first": images are (N, H, W, C) everywhere."""
    if data_format not in (None, "channels_last"):
        raise ValueError(f'only data_format="channels_last" (N, H, W, C) is supported, got {data_format!r}')
