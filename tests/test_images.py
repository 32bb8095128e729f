"""Reading image files: every kind of pixel, upright, the right size, and a clear word about broken ones."""

import contextlib
import io
import os
import pickle
import re
import struct
import subprocess
import sys
import zlib
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from PIL import Image, TiffImagePlugin

from minicnn.images import ImageFileError, ink_on_paper, load_image, open_image, read_image, read_images


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


@pytest.mark.parametrize("bits", [8, 10, 12, 14, 16])
def test_the_white_of_sixteen_bit_files_is_that_of_the_smallest_depth_that_holds_all(tmp_path, bits):
    white = (1 << bits) - 1
    deep = Image.fromarray(np.array([[0, white // 4, white // 2, white]], np.uint16))
    assert load_image(saved(tmp_path, deep), channels=1).ravel() == pytest.approx([0, 64, 127, 255], abs=1)


def test_sixteen_bits_big_endian_and_thirty_two_bits_are_read_alike(tmp_path):
    deep = np.array([[0, 25700], [257, 65535]])
    big = saved(tmp_path, Image.frombytes("I;16B", (2, 2), deep.astype(">u2").tobytes()), "big.tif")
    wide = saved(tmp_path, Image.fromarray(deep.astype(np.int32)), "wide.tif")
    for path in (big, wide):
        assert load_image(path, channels=1)[..., 0].tolist() == [[0, 100], [1, 255]]


def test_sixteen_bits_with_white_as_zero(tmp_path):
    path = saved(tmp_path, Image.fromarray(np.uint16([[0, 65535]])), "negative.tif")
    content = path.read_bytes()
    black_is_zero = struct.pack("<HHIH", TiffImagePlugin.PHOTOMETRIC_INTERPRETATION, 3, 1, 1)
    assert black_is_zero in content
    path.write_bytes(content.replace(black_is_zero, black_is_zero[:-2] + b"\0\0"))
    assert load_image(path, channels=1).ravel().tolist() == [255, 0]


def test_a_transparent_level_of_sixteen_bits_becomes_white(tmp_path):
    path = saved(tmp_path, Image.fromarray(np.uint16([[0, 300, 65535]])), transparency=300)
    assert load_image(path, channels=1).ravel().tolist() == [0, 255, 255]


def test_floating_point_pixels_from_zero_to_one_are_scaled(tmp_path):
    path = saved(tmp_path, Image.fromarray(np.float32([[0, 0.2, 1]])), "float.tif")
    assert load_image(path, channels=1).ravel().tolist() == [0, 51, 255]


@pytest.mark.parametrize("pixels", [np.float32([[-0.5, 1]]), np.float32([[0, 200]]), np.float32([[0, np.nan]])])
def test_other_floating_point_pixels_are_refused(tmp_path, pixels):
    path = saved(tmp_path, Image.fromarray(pixels), "float.tif")
    with pytest.raises(ImageFileError, match=r"float.tif: .* only 0 … 1 .*; save it with 8 or 16 bits"):
        load_image(path)


@pytest.mark.parametrize("pixels", [np.int32([[-1, 1]]), np.int32([[0, 65536]])])
def test_whole_numbers_beyond_sixteen_bits_are_refused(tmp_path, pixels):
    path = saved(tmp_path, Image.fromarray(pixels), "wide.tif")
    with pytest.raises(ImageFileError, match=r"only 0 … 65535 .*; save it with 16 bits"):
        load_image(path)


def test_lab_colours_are_refused(tmp_path):
    with pytest.raises(ImageFileError, match="save it as RGB"):
        load_image(saved(tmp_path, Image.new("LAB", (2, 2)), "lab.tif"))


@pytest.mark.parametrize("name", ["ink.jpg", "ink.tif"])
def test_cmyk_becomes_rgb_whether_the_file_stores_ink_or_its_absence(tmp_path, name):
    path = saved(
        tmp_path, Image.new("CMYK", (16, 16), (0, 255, 255, 0)), name
    )  # JPEG stores it inverted, as Adobe does
    np.testing.assert_allclose(load_image(path)[8, 8], [255, 0, 0], atol=3)


@pytest.mark.parametrize("mode", ["LA", "PA", "RGBA"])
def test_half_transparent_black_on_white_is_grey(tmp_path, mode):
    image = Image.new("RGBA", (4, 4), (0, 0, 0, 128)).convert(mode)
    np.testing.assert_allclose(load_image(saved(tmp_path, image, "half.tif")), 127, atol=1)


def test_transparent_colours_of_palettes_and_rgb_become_white(tmp_path):
    palette = Image.new("P", (2, 1))
    palette.putpalette([10, 20, 30, 200, 100, 0])
    palette.putpixel((1, 0), 1)
    assert load_image(saved(tmp_path, palette, "clear.gif", transparency=1)).tolist() == [[[10, 20, 30], [255] * 3]]
    colours = Image.fromarray(np.uint8([[[10, 20, 30], [40, 50, 60]]]))
    path = saved(tmp_path, colours, "clear.png", transparency=(40, 50, 60))
    assert load_image(path).tolist() == [[[10, 20, 30], [255] * 3]]


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


@pytest.mark.parametrize("suffix", ["jpg", "png", "webp", "tif"])
@pytest.mark.parametrize("at_least", [None, (60, 30)])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_every_orientation_comes_out_upright(tmp_path, orientation, at_least, suffix):
    """The picture is white at the top and dark at the left; its pixels are stored as a turned camera stores them."""
    upright = np.full((128, 64), 100, np.uint8)
    upright[:, :32], upright[:64] = 0, 255
    stored = {
        1: upright,
        2: upright[:, ::-1],
        3: upright[::-1, ::-1],
        4: upright[::-1],
        5: upright.T,
        6: np.rot90(upright),
        7: upright[::-1, ::-1].T,
        8: np.rot90(upright, -1),
    }[orientation]
    exif = Image.Exif()
    exif[0x0112] = orientation
    path = saved(tmp_path, Image.fromarray(np.ascontiguousarray(stored)), f"photo.{suffix}", exif=exif)
    image = open_image(path, 1, at_least)
    assert image.size == ((32, 64) if at_least and suffix == "jpg" else (64, 128))
    assert np.abs(np.asarray(image.resize((64, 128)), int) - upright).mean() < 4


@pytest.mark.parametrize(
    "exif", [b"Exif\0\0", b"Exif\0\0II*\0\xff\xff\xff\xff", b"Exif\0\0MM\0*\0\0\0\x08\0\x05\x01\x12"]
)
@pytest.mark.parametrize("suffix", ["jpg", "png", "webp"])
def test_damaged_exif_data_do_not_spoil_a_picture(tmp_path, exif, suffix):
    path = saved(tmp_path, Image.new("L", (8, 4), 200), f"photo.{suffix}", exif=exif)
    np.testing.assert_allclose(load_image(path), np.full((4, 8, 3), 200), atol=1)


def test_an_orientation_that_does_not_exist_is_ignored(tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 77
    assert open_image(saved(tmp_path, Image.new("L", (8, 4)), "photo.jpg", exif=exif)).size == (8, 4)


def test_large_jpegs_are_decoded_smaller_but_not_below_what_is_asked_for(tmp_path, rng):
    smooth = Image.fromarray(rng.integers(0, 256, (9, 7, 3), np.uint8)).resize((700, 900), Image.Resampling.BICUBIC)
    path = saved(tmp_path, smooth, "large.jpg", quality=95)
    assert open_image(path, 3, at_least=(100, 100)).size == (175, 225)
    assert open_image(path, 3, at_least=(226, 100)).size == (350, 450)
    assert open_image(path, 1, at_least=(2000, 100)).size == (700, 900)
    expected = np.asarray(smooth.resize((70, 90), Image.Resampling.BOX), int)
    assert np.abs(load_image(path, (90, 70)) - expected).mean() < 4


def test_a_grey_jpeg_is_the_luminance_of_the_colour_one(tmp_path, rng):
    smooth = Image.fromarray(rng.integers(60, 200, (9, 7, 3), np.uint8)).resize((70, 90), Image.Resampling.BICUBIC)
    path = saved(tmp_path, smooth, "colour.jpg")
    np.testing.assert_allclose(open_image(path, 1), open_image(path, 3).convert("L"), atol=2)


def test_the_first_picture_of_a_stereo_jpeg_is_read(tmp_path):
    frames = [Image.new("RGB", (80, 40), shade) for shade in ("white", "black")]
    path = saved(tmp_path, frames[0], "stereo.mpo", save_all=True, append_images=frames[1:])
    assert load_image(path, (10, 20)).min() >= 250


def test_a_file_is_known_by_its_content_not_by_its_name(tmp_path):
    assert load_image(saved(tmp_path, Image.new("L", (3, 2), 9), "in_truth_a_png.jpg", format="PNG")).mean() == 9


@pytest.mark.parametrize("interpolation", ["nearest", "bilinear", "bicubic", "lanczos", "area"])
@pytest.mark.parametrize("fit", ["stretch", "crop", "pad"])
def test_every_interpolation_and_fit_gives_the_size_asked_for(tmp_path, rng, interpolation, fit):
    path = saved(tmp_path, Image.fromarray(rng.integers(0, 256, (20, 31), np.uint8)))
    pixels = load_image(path, (7, 50), 3, interpolation, fit)
    assert (pixels.dtype, pixels.shape) == (np.uint8, (7, 50, 3))
    assert pixels.flags.writeable


def test_interpolations_differ_as_their_names_say(tmp_path):
    path = saved(tmp_path, Image.fromarray(np.uint8([[0, 0, 90, 255]])))
    assert load_image(path, (1, 2), 1, "area").ravel().tolist() == pytest.approx([0, 172.5], abs=1)
    assert set(load_image(path, (1, 8), 1, "nearest").ravel().tolist()) == {0, 90, 255}
    between = [0, 0, 0, 22.5, 67.5, 131.25, 213.75, 255]  # a pixel lies at its middle: 1/4 and 3/4 of the way
    assert load_image(path, (1, 8), 1, "bilinear").ravel() == pytest.approx(between, abs=1)


def test_nearest_picks_pixels_that_are_in_the_file(tmp_path, rng):
    path = saved(tmp_path, Image.fromarray(rng.integers(0, 2, (160, 160), np.uint8) * 255), "mask.jpg", quality=100)
    assert load_image(path, (20, 20), 1, "nearest").tolist() == load_image(path, None, 1)[4::8, 4::8].tolist()


def test_crop_keeps_the_middle_and_pad_keeps_all(tmp_path):
    columns = saved(tmp_path, Image.fromarray(np.uint8([[10, 20, 30, 40]] * 2)))
    assert load_image(columns, (2, 2), 1, fit="crop")[..., 0].tolist() == [[20, 30]] * 2
    assert load_image(columns, (4, 4), 1, fit="pad")[..., 0].tolist() == [[0] * 4, *[[10, 20, 30, 40]] * 2, [0] * 4]
    assert load_image(columns, (2, 8), 1, fit="pad")[..., 0].tolist() == [[0, 0, 10, 20, 30, 40, 0, 0]] * 2


def test_a_very_long_picture_keeps_at_least_a_line_when_padded(tmp_path):
    path = saved(tmp_path, Image.new("L", (1, 3000), 255))
    assert load_image(path, (9, 9), 1, fit="pad").sum() == 9 * 255


def test_wrong_arguments_name_what_is_possible(tmp_path):
    path = saved(tmp_path, Image.new("L", (4, 4)))
    with pytest.raises(ValueError, match=r"interpolation must be 'nearest', .*, got 'cubic'"):
        load_image(path, (2, 2), interpolation="cubic")
    with pytest.raises(ValueError, match="fit must be 'stretch', 'crop' or 'pad', got 'squeeze'"):
        load_image(path, (2, 2), fit="squeeze")
    with pytest.raises(ValueError, match=r"size must be \(height, width\), each at least 1, not \(0, 2\)"):
        load_image(path, (0, 2))
    with pytest.raises(ValueError, match=r"1 \(grey\) or 3 \(RGB\) channels, not as 2"):
        read_image(path, (4, 4, 2))


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


# ---- files that are no images


def refusal(path, **options):
    """The error's reason and fix."""
    with pytest.raises(ImageFileError) as caught:
        load_image(path, **options)
    assert str(caught.value) == f"{path}: {caught.value.reason}; {caught.value.fix}"
    assert "\n" not in str(caught.value)
    return caught.value.reason, caught.value.fix


@pytest.mark.parametrize(
    ("content", "reason", "fix"),
    [
        (b"", "an empty file", "download it again"),
        (b"\0" * 5000, "a file of zero bytes", "download it again"),
        (b"meow, said the cat", "text", "the picture that should have this name"),
        ("größer".encode(), "text", "the picture that should have this name"),
        (b"\n<!DOCTYPE html><html>404", "a web page", "the picture itself"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "vector drawing", "PNG"),
        (b"%PDF-1.7\n%\xe2\xe3", "PDF", "PNG"),
        (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n", "PostScript", "PNG"),
        (b"PK\x03\x04\x14\0", "ZIP", "unpack"),
        (b"\0\0\0\x18ftypheic\0\0", "HEIC", "JPEG"),
        (b"\0\0\0\x18ftypmp42\0\0", "a film", "frames"),
        (b"version https://git-lfs.github.com/spec/v1\n", "Git LFS", "git lfs pull"),
        (b"\x01\x02\x03\x04" * 99, "of no known kind", "JPEG or PNG"),
        (b"\x89PNG\r\n\x1a\n" + b"\0" * 40, "damaged", "copy"),
    ],
)
def test_what_is_no_image_is_named_with_what_it_is_and_what_to_do(tmp_path, content, reason, fix):
    path = tmp_path / "cat.jpg"
    path.write_bytes(content)
    told = refusal(path)
    assert reason in told[0]
    assert fix in told[1]


@pytest.mark.parametrize(
    ("suffix", "options"),
    [
        ("jpg", {}),
        ("jpg", {"progressive": True}),
        ("png", {}),
        ("bmp", {}),
        ("gif", {}),
        ("tif", {}),
        ("tif", {"compression": "tiff_lzw"}),
        ("webp", {}),
        ("webp", {"lossless": True}),
        ("jp2", {}),
        ("ppm", {}),
        ("tga", {}),
        ("avif", {}),
    ],
)
def test_a_file_that_is_cut_off_is_never_read_in_part(tmp_path, rng, suffix, options):
    path = saved(tmp_path, Image.fromarray(rng.integers(0, 256, (90, 64, 3), np.uint8)), f"cut.{suffix}", **options)
    content = path.read_bytes()
    for length in [1, 5, 30, *np.linspace(60, len(content) - 300, 12).astype(int)]:
        path.write_bytes(content[:length])
        for size in (None, (8, 8)):
            reason, fix = refusal(path, size=size)
            assert re.match(r"damaged or cut off \(.+\)|of no known kind|text|a file of zero bytes", reason)
            assert fix


@pytest.mark.parametrize("suffix", ["jpg", "png", "bmp", "gif", "tif", "webp", "jp2", "ppm", "tga", "ico"])
def test_random_damage_is_either_harmless_or_an_image_file_error(tmp_path, rng, suffix):
    content = saved(tmp_path, Image.new("RGB", (32, 32), "red"), f"whole.{suffix}").read_bytes()
    path = tmp_path / f"damaged.{suffix}"
    for _ in range(40):
        damaged = np.frombuffer(content, np.uint8).copy()
        places = rng.integers(0, min(len(damaged), 300), 3)
        damaged[places] = rng.integers(0, 256, 3)
        path.write_bytes(damaged.tobytes())
        with contextlib.suppress(ImageFileError):
            assert load_image(path, (8, 8)).shape == (8, 8, 3)


def bomb(width, height):
    """A PNG of few bytes that says it holds a huge picture."""
    content = io.BytesIO()
    Image.new("1", (8, 8)).save(content, "PNG")
    header = b"IHDR" + struct.pack(">II", width, height) + content.getvalue()[24:29]
    return content.getvalue()[:12] + header + struct.pack(">I", zlib.crc32(header)) + content.getvalue()[33:]


@pytest.mark.parametrize(("width", "height"), [(10_000, 10_000), (2_000_000, 1_000_000)])
def test_a_picture_that_would_fill_the_memory_is_refused(tmp_path, width, height):
    path = tmp_path / "bomb.png"
    path.write_bytes(bomb(width, height))
    reason, fix = refusal(path)
    assert reason.startswith("too large (")
    assert "MAX_IMAGE_PIXELS" in fix


def test_the_greatest_size_is_pillows_own_setting(tmp_path, monkeypatch):
    path = saved(tmp_path, Image.new("L", (30, 20)), "image.png")
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 599)
    assert "30 × 20 pixels" in refusal(path)[0]
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 600)
    assert load_image(path).shape == (20, 30, 3)
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", None)
    assert load_image(path).shape == (20, 30, 3)


def test_what_is_no_file_is_named(tmp_path):
    (tmp_path / "dangling.png").symlink_to(tmp_path / "gone.png")
    (tmp_path / "loop.png").symlink_to(tmp_path / "loop.png")
    os.mkfifo(tmp_path / "pipe.png")
    assert refusal(tmp_path / "nowhere.png")[0] == "no such file"
    assert refusal(tmp_path / "dangling.png")[0] == "a link to a file that is not there"
    assert refusal(tmp_path / "pipe.png")[0] == "a pipe or device, not an image"
    assert refusal(tmp_path / "loop.png") == (
        "cannot be opened (Too many levels of symbolic links)",
        "check the file, its folder and the links to it",
    )
    assert refusal(tmp_path)[0] == "a folder, not an image"


@pytest.mark.skipif(os.geteuid() == 0, reason="the superuser may read every file")
def test_a_file_without_permission_is_named(tmp_path):
    path = saved(tmp_path, Image.new("L", (4, 4)))
    path.chmod(0)
    assert refusal(path) == ("no permission to read it", "allow it, for example with chmod +r")


def test_the_error_goes_from_process_to_process():
    error = ImageFileError("cat.jpg", "an empty file", "copy it again")
    assert str(pickle.loads(pickle.dumps(error))) == str(error) == "cat.jpg: an empty file; copy it again"


# ---- a folder of odd files

#: width and height of the upright picture, what the file holds (Pillow's mode, EXIF orientation), brightness 0 … 255
PICTURES = {
    "12bit.cropped.tif": (100, 100, "I;16", 1, 2.6),
    "16bit.MM.deflate.tif": (64, 64, "I;16B", 1, 95.7),
    "16bit.cropped.jp2": (64, 64, "I;16", 1, 95.7),
    "16bit.deflate.tif": (64, 64, "I;16", 1, 95.7),
    "16bit.s.tif": (10, 10, "I", 1, 12.7),
    "Landscape_1.jpg": (1800, 1200, "RGB", 1, 116.0),
    "Landscape_3.jpg": (1800, 1200, "RGB", 3, 116.1),
    "Landscape_5.jpg": (1800, 1200, "RGB", 5, 116.1),
    "Landscape_6.jpg": (1800, 1200, "RGB", 6, 116.1),
    "Landscape_8.jpg": (1800, 1200, "RGB", 8, 116.1),
    "Portrait_1.jpg": (1200, 1800, "RGB", 1, 154.4),
    "Portrait_3.jpg": (1200, 1800, "RGB", 3, 154.4),
    "Portrait_5.jpg": (1200, 1800, "RGB", 5, 154.4),
    "Portrait_6.jpg": (1200, 1800, "RGB", 6, 154.4),
    "Portrait_8.jpg": (1200, 1800, "RGB", 8, 154.5),
    "app13.jpg": (4, 4, "RGB", 1, 81.3),
    "empty_gps_ifd.jpg": (10, 10, "RGB", 6, 5.6),
    "exif-72dpi-int.jpg": (500, 450, "RGB", 1, 129.9),
    "exif-ifd-offset.jpg": (200, 200, "RGB", 1, 92.1),
    "exif_gps_typeerror.jpg": (800, 531, "RGB", 1, 154.0),
    "flower.jpg": (480, 360, "RGB", 1, 115.1),
    "hopper.bmp": (128, 128, "RGB", 1, 88.4),
    "hopper.jpg": (128, 128, "RGB", 1, 88.4),
    "hopper.ppm": (128, 128, "RGB", 1, 88.4),
    "hopper.webp": (128, 128, "RGB", 1, 88.5),
    "hopper_bad_exif.jpg": (500, 500, "L", 1, 125.5),
    "hopper_gray.jpg": (128, 128, "L", 1, 84.7),
    "hopper_orientation_3.jpg": (128, 128, "RGB", 3, 88.3),
    "hopper_orientation_5.jpg": (128, 128, "RGB", 5, 88.4),
    "hopper_orientation_7.jpg": (128, 128, "RGB", 7, 88.4),
    "i_trns.png": (64, 64, "I;16", 1, 123.9),
    "imageops_pad_h_0.jpg": (512, 256, "RGB", 1, 44.2),
    "imageops_pad_h_2.jpg": (512, 256, "RGB", 1, 44.2),
    "imageops_pad_v_1.jpg": (256, 512, "RGB", 1, 86.5),
    "invalid-exif-without-x-resolution.jpg": (300, 200, "RGB", 1, 0.7),
    "iptc.jpg": (640, 480, "RGB", 1, 102.6),
    "jfif_unit_cm.jpg": (1, 1, "L", 1, 0.0),
    "junk_jpeg_header.jpg": (1024, 768, "RGB", 1, 116.6),
    "multiple_exif.jpg": (1, 1, "L", 1, 0.0),
    "orientation_rectangle.jpg": (1, 2, "RGB", 8, 84.7),
    "p_16.tga": (128, 128, "P", 1, 95.6),
    "pal8rletrns.png": (127, 64, "P", 1, 112.4),
    "photoshop-200dpi.jpg": (200, 200, "RGB", 1, 92.1),
    "pil_sample_rgb.jpg": (100, 100, "RGB", 1, 12.0),
    "rgb_trns.png": (64, 64, "RGB", 1, 155.7),
    "rgb_trns_ycbc.jp2": (64, 64, "RGBA", 1, 155.4),
    "test-card-lossless.jp2": (640, 480, "RGB", 1, 81.1),
    "test-card.png": (640, 480, "RGB", 1, 81.1),
    "truncated_app14.jpg": (100, 100, "RGB", 1, 12.0),
    "truncated_exif_dpi.jpg": (480, 640, "RGB", 1, 255.0),
    "xmp_no_prefix.jpg": (1, 1, "RGB", 1, 0.0),
}

REFUSED = {
    "LICENSE.exif-examples": "text, not an image",
    "LICENSE.pillow": "text, not an image",
    "broken_data_stream.png": "damaged or cut off (unrecognized data stream contents",
    "truncated_jpeg.jpg": "damaged or cut off (image file is truncated",
}


@pytest.fixture
def messy(shared_data):
    return shared_data / "messy-images"


def test_every_file_is_accounted_for(messy):
    assert sorted(PICTURES | REFUSED) == sorted(path.name for path in messy.iterdir())


@pytest.mark.parametrize("name", PICTURES)
def test_an_odd_file_is_read_as_it_should_be(messy, name):
    width, height, mode, orientation, brightness = PICTURES[name]
    with Image.open(messy / name) as file:
        assert file.mode == mode
        assert file.getexif().get(0x0112, 1) == orientation
    image = open_image(messy / name)
    assert (image.mode, *image.size) == ("RGB", width, height)
    assert np.mean(image) == pytest.approx(brightness, abs=0.6)
    assert open_image(messy / name, 1).mode == "L"
    assert load_image(messy / name, (10, 20)).mean() == pytest.approx(brightness, abs=6)


@pytest.mark.parametrize("name", REFUSED)
def test_an_odd_file_is_refused_with_the_reason(messy, name):
    assert refusal(messy / name)[0].startswith(REFUSED[name])


@pytest.mark.parametrize(
    ("family", "size"),
    [
        ([f"Landscape_{i}.jpg" for i in (1, 3, 5, 6, 8)], (60, 90)),
        ([f"Portrait_{i}.jpg" for i in (1, 3, 5, 6, 8)], (90, 60)),
        (["hopper.jpg", *(f"hopper_orientation_{i}.jpg" for i in (3, 5, 7))], (64, 64)),
        (["hopper.jpg", "hopper.bmp", "hopper.ppm", "hopper.webp"], (64, 64)),
        (["test-card.png", "test-card-lossless.jp2"], (60, 80)),
        (["16bit.deflate.tif", "16bit.MM.deflate.tif", "16bit.cropped.jp2"], (64, 64)),
    ],
)
def test_the_same_picture_looks_the_same_from_every_file(messy, family, size):
    first, *others = (load_image(messy / name, size).astype(int) for name in family)
    for name, other in zip(family[1:], others, strict=True):
        distance = np.abs(first - other).mean()
        assert distance < 7, name
        for turned in (other[::-1], other[:, ::-1], other[::-1, ::-1]):
            assert np.abs(first - turned).mean() > 3 * distance + 5, name


def test_reading_says_nothing_on_the_side(messy):
    """No warnings on stderr; in a process of its own because pytest hides them."""
    program = """if True:
        import pathlib, sys
        from minicnn.images import ImageFileError, load_image
        refused = 0
        for path in pathlib.Path(sys.argv[1]).iterdir():
            try:
                load_image(path, (20, 20))
            except ImageFileError:
                refused += 1
        print(refused)"""
    done = subprocess.run([sys.executable, "-c", program, messy], capture_output=True, text=True)
    assert (done.stdout, done.stderr) == (f"{len(REFUSED)}\n", "")


def test_threads_read_the_same(messy):
    paths = [messy / name for name in PICTURES] * 2
    alone = [load_image(path, (20, 20)) for path in paths]
    with ThreadPoolExecutor(8) as threads:
        together = list(threads.map(lambda path: load_image(path, (20, 20)), paths))
    assert all((a == b).all() for a, b in zip(alone, together, strict=True))


# ---- real photographs


def test_micrographs_of_sixteen_bits_are_as_bright_as_the_others(shared_data):
    paths = sorted(path for path in (shared_data / "microscopy").rglob("*") if path.suffix in (".tif", ".jpg", ".png"))
    brightness = {path.name: load_image(path, (64, 64)).mean() for path in paths}
    deep = [value for name, value in brightness.items() if name.endswith(".tif")]
    assert len(deep) == 5
    assert all(50 < value < 150 for value in deep), deep


@pytest.mark.parametrize("folder", ["cats-dogs", "microscopy", "malaria"])
def test_real_photographs_are_read_and_show_something(shared_data, folder):
    kinds = (".jpg", ".jpeg", ".png", ".tif")
    paths = [path for path in (shared_data / folder).rglob("*") if path.suffix in kinds]
    assert len(paths) > 250
    flat = [path.name for path in paths if load_image(path, (32, 32)).std() < 3]
    assert not flat
