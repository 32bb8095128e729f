"""Reading image files: every kind of pixel, upright, the right size, and a clear word about broken ones."""

import numpy as np
import pytest
from PIL import Image

from minicnn.images import ImageFileError, ink_on_paper, read_image, read_images


@pytest.fixture
def rng():
    return np.random.default_rng(3)


def saved(tmp_path, image, name="image.png", **options):
    path = tmp_path / name
    image.save(path, **options)
    return path


def test_grey_pixels_come_back_unchanged(tmp_path, rng):
    pixels = rng.integers(0, 256, (5, 7), np.uint8)
    read = read_image(saved(tmp_path, Image.fromarray(pixels)), (5, 7, 1))
    assert read.dtype == np.float32
    np.testing.assert_array_equal(read[..., 0], pixels)


def test_colour_pixels_come_back_unchanged(tmp_path, rng):
    pixels = rng.integers(0, 256, (5, 7, 3), np.uint8)
    np.testing.assert_array_equal(read_image(saved(tmp_path, Image.fromarray(pixels)), (5, 7, 3)), pixels)


def test_grey_becomes_three_equal_channels(tmp_path, rng):
    pixels = rng.integers(0, 256, (4, 4), np.uint8)
    read = read_image(saved(tmp_path, Image.fromarray(pixels)), (4, 4, 3))
    np.testing.assert_array_equal(read, np.repeat(pixels[..., None], 3, axis=-1))


def test_colour_becomes_luminance(tmp_path):
    path = saved(tmp_path, Image.new("RGB", (4, 4), (255, 0, 0)))
    assert read_image(path, (4, 4, 1)) == pytest.approx(255 * 0.299, abs=1)  # Rec. 601 weight of red


def test_palette_images_show_their_colours(tmp_path):
    image = Image.new("RGB", (4, 4), (10, 200, 30)).convert("P", palette=Image.Palette.ADAPTIVE)
    np.testing.assert_allclose(read_image(saved(tmp_path, image), (4, 4, 3))[0, 0], [10, 200, 30], atol=2)


def test_one_bit_images_are_black_and_white(tmp_path):
    image = Image.new("1", (4, 4), 0)
    image.putpixel((1, 2), 1)
    expected = np.zeros((4, 4, 1))
    expected[2, 1] = 255
    np.testing.assert_array_equal(read_image(saved(tmp_path, image), (4, 4, 1)), expected)


@pytest.mark.parametrize("name", ["deep.png", "deep.tif"])
def test_sixteen_bits_are_scaled_not_cut_off(tmp_path, name):
    deep = np.array([[0, 257], [257 * 100, 65535]], np.uint16)
    read = read_image(saved(tmp_path, Image.fromarray(deep), name), (2, 2, 1))
    np.testing.assert_array_equal(read[..., 0], [[0, 1], [100, 255]])


def test_transparency_becomes_white(tmp_path):
    image = Image.new("RGBA", (4, 4), (0, 0, 0, 0))
    image.putpixel((0, 0), (0, 0, 0, 255))
    read = read_image(saved(tmp_path, image), (4, 4, 1))
    assert read[0, 0] == 0
    assert (read.ravel()[1:] == 255).all()


def test_a_photograph_held_sideways_is_turned_upright(tmp_path):
    sideways = Image.new("L", (4, 2), 0)
    sideways.putpixel((0, 0), 255)
    exif = Image.Exif()
    exif[0x0112] = 6  # the camera was turned: rotate by 90° clockwise to see it upright
    read = read_image(saved(tmp_path, sideways, "photo.png", exif=exif), (4, 2, 1))
    assert np.argwhere(read[..., 0] == 255).tolist() == [[0, 1]]


def test_resizing_keeps_the_mean_and_takes_height_before_width(tmp_path):
    half_white = Image.fromarray(np.repeat(np.uint8([[0], [255]]), 50, axis=0).repeat(60, axis=1))
    read = read_image(saved(tmp_path, half_white), (10, 6, 1))
    assert read.shape == (10, 6, 1)
    assert read.mean() == pytest.approx(127.5, abs=1)
    assert (read[0] == 0).all()
    assert (read[-1] == 255).all()


def test_only_the_first_frame_of_an_animation_is_read(tmp_path):
    frames = [Image.new("L", (4, 4), 0), Image.new("L", (4, 4), 255)]
    path = saved(tmp_path, frames[0], "film.gif", save_all=True, append_images=frames[1:])
    assert read_image(path, (4, 4, 1)).max() == 0


def test_invert_makes_grey_paper_black_and_ink_white(tmp_path):
    photo = Image.new("L", (8, 8), 190)
    for column in range(2, 6):
        photo.putpixel((column, 3), 60)
    read = read_image(saved(tmp_path, photo), (8, 8, 1), invert=True)
    assert (read[3, 2:6] == 255).all()
    assert (np.delete(read, 3, axis=0) == 0).all()


def test_invert_of_an_empty_page_is_black():
    assert (ink_on_paper(np.full((4, 4, 1), 240, np.float32)) == 0).all()


def test_several_files_make_a_batch(tmp_path):
    paths = [saved(tmp_path, Image.new("L", (3, 3), shade), f"{shade}.png") for shade in (10, 20)]
    assert read_images(paths, (3, 3, 1)).mean(axis=(1, 2, 3)).tolist() == [10, 20]


@pytest.mark.parametrize("content", [b"", b"this is text", b"\x89PNG\r\n\x1a\n" + b"\0" * 40])
def test_a_broken_file_is_named(tmp_path, content):
    path = tmp_path / "broken.png"
    path.write_bytes(content)
    with pytest.raises(ImageFileError, match=r"broken\.png: not a readable image"):
        read_image(path, (4, 4, 1))


@pytest.mark.parametrize("suffix", ["png", "jpg", "bmp", "tif", "gif"])
def test_a_truncated_file_is_named(tmp_path, rng, suffix):
    path = saved(tmp_path, Image.fromarray(rng.integers(0, 256, (64, 64, 3), np.uint8)), f"cut.{suffix}")
    path.write_bytes(path.read_bytes()[:-1500])
    with pytest.raises(ImageFileError, match=f"cut.{suffix}: not a readable image"):
        read_image(path, (8, 8, 3))


def test_a_missing_file_and_a_folder_are_named(tmp_path):
    with pytest.raises(ImageFileError, match=r"nowhere\.png: no such file"):
        read_image(tmp_path / "nowhere.png", (4, 4, 1))
    with pytest.raises(ImageFileError, match="a folder"):
        read_image(tmp_path, (4, 4, 1))


def test_floating_point_pixels_are_refused(tmp_path):
    path = saved(tmp_path, Image.fromarray(np.float32([[0.5]])), "float.tif")
    with pytest.raises(ImageFileError, match="8 or 16 bits"):
        read_image(path, (1, 1, 1))


def test_two_channels_are_refused(tmp_path):
    with pytest.raises(ValueError, match="the model takes 2"):
        read_image(saved(tmp_path, Image.new("L", (4, 4))), (4, 4, 2))
