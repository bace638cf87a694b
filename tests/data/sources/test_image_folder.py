"""Folders of images: classes by their folders; whatever else lies there is left out and named."""

from __future__ import annotations

import os
import re
import struct
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from automl.data.image_fit import ImageFit
from automl.data.sources import load
from automl.data.sources.file_format import Loaded
from automl.data.sources.image_file import UnreadImage, read_header, read_pixels
from automl.data.sources.image_reading import ImageReading
from automl.errors import DataError

RNG = np.random.default_rng(0)


def picture(height: int = 20, width: int = 30) -> Image.Image:
    return Image.fromarray(RNG.integers(0, 256, (height, width, 3), np.uint8))


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    folder = tmp_path / "photos"
    for label in ("cats", "dogs"):
        (folder / label).mkdir(parents=True)
        for number, ending in enumerate(("jpg", "png", "bmp", "gif", "webp")):
            picture().save(folder / label / f"{number}.{ending}")
    return folder


def read(folder: Path, **asked: object) -> tuple[Loaded, str]:
    said: list[str] = []
    reading = ImageReading(**asked)  # type: ignore[arg-type]
    return load(folder, say=said.append, images=reading), "\n".join(said)


def test_each_format_is_read_and_each_folder_is_a_class(photos: Path) -> None:
    loaded, said = read(photos)
    assert loaded.main.x.shape == (10, 20, 30, 3) and loaded.main.x.dtype == np.uint8
    assert list(loaded.main.y) == ["cats"] * 5 + ["dogs"] * 5
    assert loaded.main.files[0] == "cats/0.jpg"
    np.testing.assert_array_equal(loaded.main.x[1], np.asarray(Image.open(photos / "cats/1.png")))
    assert "left out" not in said and "resized" not in said


def test_content_decides_and_its_digest_too(photos: Path) -> None:
    (photos / "cats/1.png").rename(photos / "cats/1.jpg")
    first, said = read(photos)
    assert len(first.main) == 10 and "left out" not in said
    picture().save(photos / "cats/3.gif")
    assert read(photos)[0].digest != first.digest


def test_parts_in_folders_of_their_own(photos: Path, tmp_path: Path) -> None:
    whole = tmp_path / "whole"
    whole.mkdir()
    for part in ("Train", "val", "test"):
        (whole / part).mkdir()
        for label in ("cats", "dogs"):
            (whole / part / label).mkdir()
            picture(10, 10).save(whole / part / label / "a.png")
    picture(99, 99).save(whole / "test" / "dogs" / "b.png")
    loaded, _ = read(whole)
    assert (len(loaded.main), len(loaded.validation), len(loaded.test)) == (2, 2, 3)
    assert loaded.main.x.shape[1:3] == (10, 10)  # settled by the training images
    assert list(loaded.test.files) == ["test/cats/a.png", "test/dogs/a.png", "test/dogs/b.png"]
    (whole / "valid" / "cats").mkdir(parents=True)
    with pytest.raises(DataError, match="two folders of one part"):
        read(whole)


def test_training_images_alone_may_have_a_folder_above_their_classes(
    photos: Path, tmp_path: Path
) -> None:
    (tmp_path / "whole").mkdir()
    photos.rename(tmp_path / "whole" / "train")
    (tmp_path / "whole" / ".cache").mkdir()
    loaded, _ = read(tmp_path / "whole")
    assert set(loaded.main.y) == {"cats", "dogs"} and loaded.validation is loaded.test is None
    (tmp_path / "whole" / "bus").mkdir()  # now "train" is a class
    picture().save(tmp_path / "whole" / "bus" / "a.png")
    assert set(read(tmp_path / "whole")[0].main.y) == {"bus", "train"}


def chunk(kind: bytes, content: bytes) -> bytes:
    checked = kind + content
    return struct.pack(">I", len(content)) + checked + struct.pack(">I", zlib.crc32(checked))


def bomb(path: Path, side: int, height: int | None = None) -> None:
    """A small file whose header promises so many pixels."""
    header = struct.pack(">IIBBBBB", side, height or side, 8, 0, 0, 0, 0)
    parts = chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"")) + chunk(b"IEND", b"")
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + parts)


def noted(path: Path, kind: bytes, content: bytes) -> None:
    """An image with something beside its pixels."""
    picture().save(path)
    start = path.read_bytes()
    path.write_bytes(start[:33] + chunk(kind, content) + start[33:])


def heavy(path: Path) -> None:
    picture().save(path)
    os.truncate(path, 16 << 30)


def damage(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:100])


BAD: dict[str, tuple[Callable[[Path], object], str]] = {
    "broken.png": (lambda path: (picture().save(path), damage(path)), "damaged: cats/broken.png"),
    "empty.jpg": (lambda path: path.touch(), "empty: cats/empty.jpg"),
    "text.txt": (lambda path: path.write_text("hello"), "no image: cats/text.txt"),
    "text.png": (lambda path: path.write_text("hello"), "no image: cats/text.png"),
    "large.png": (
        lambda path: bomb(path, 20_000),
        "more than 178 million pixels: cats/large.png",
    ),
    "wide.png": (
        lambda path: bomb(path, 10_000),
        "10,000 x 10,000 pixels, more than 89 million: cats/wide.png",
    ),
    "long.png": (
        lambda path: bomb(path, 70_000, 1),
        "70,000 x 1 pixels, more than 65,535 at a side: cats/long.png",
    ),
    "heavy.png": (
        heavy,
        "17,179,869,184 bytes, more than 268,435,456: cats/heavy.png",
    ),
    "noted.png": (
        lambda path: noted(path, b"zTXt", b"k\0\0" + zlib.compress(bytes(200 << 20))),
        "damaged: cats/noted.png",
    ),
}


def test_a_header_is_read_without_the_pixels(tmp_path: Path) -> None:
    bomb(tmp_path / "a.png", 9_000)  # 81 million pixels, none of which is there
    header = read_header(tmp_path / "a.png")
    assert (header.height, header.width, header.is_grey) == (9_000, 9_000, True)
    with pytest.raises(UnreadImage, match="damaged"):
        read_pixels(tmp_path / "a.png", ImageFit(8, 8), 1)


@pytest.mark.parametrize("name", BAD)
def test_what_cannot_be_read_is_left_out_and_named(photos: Path, name: str) -> None:
    make, expected = BAD[name]
    make(photos / "cats" / name)
    loaded, said = read(photos)
    assert len(loaded.main) == 10
    assert f"1 file is left out ({expected})" in said


OTHERS = {
    "TIFF": lambda path: picture().save(path, "TIFF"),
    "JPEG 2000": lambda path: picture().save(path, "JPEG2000"),
    "ICO": lambda path: picture().save(path, "ICO"),
    "PPM": lambda path: picture().save(path, "PPM"),
    "HEIC": lambda path: path.write_bytes(b"\0\0\0\x24ftypheic\0\0\0\0mif1heic"),
    "AVIF": lambda path: path.write_bytes(b"\0\0\0\x20ftypavif\0\0\0\0avifmif1"),
    "SVG": lambda path: path.write_text("<svg xmlns='http://www.w3.org/2000/svg'/>"),
}


@pytest.mark.parametrize("ending", ["", ".jpg", ".tif"])
@pytest.mark.parametrize("name", OTHERS)
def test_images_of_formats_that_are_not_read_are_called_so(
    name: str, ending: str, photos: Path
) -> None:
    OTHERS[name](photos / "cats" / f"other{ending}")
    loaded, said = read(photos)
    assert len(loaded.main) == 10
    assert f"left out ({name}, which is not read: cats/other{ending})" in said


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "empty"),
        (b"<html>404</html>", "no image"),
        (b"\0\0\0\x18ftypmp42", "no image"),
        (b"RIFF\x24\0\0\0WAVEfmt ", "no image"),
        (b"RIFF\x24\0\0\0WEBPVP8 ", "damaged"),
        (
            b"version https://git-lfs.github.com/spec/v1",
            "a pointer of Git LFS, not the file itself",
        ),
    ],
)
def test_where_nothing_can_be_read_the_reason_is_said(
    content: bytes, reason: str, tmp_path: Path
) -> None:
    (tmp_path / "cats").mkdir()
    (tmp_path / "cats" / "a.jpg").write_bytes(content)
    with pytest.raises(DataError, match=re.escape(f"can be read ({reason}: cats/a.jpg): give")):
        read(tmp_path)


ODD: dict[str, tuple[Callable[[Path], object], str]] = {
    "cmyk.jpg": (lambda path: picture().convert("CMYK").save(path), "1 in CMYK"),
    "deep.png": (
        lambda path: Image.fromarray(np.full((20, 30), 0x7F01, np.uint16)).save(path),
        "1 of 16 bits a channel",
    ),
    "moving.gif": (
        lambda path: picture().save(path, save_all=True, append_images=[picture()]),
        "1 with several frames",
    ),
    "palette.png": (
        lambda path: picture().quantize(8).save(path, transparency=0),
        "1 with transparency",
    ),
    "one.png": (lambda path: picture(1, 1).save(path), "of 1 x 1 to 20 x 30 pixels"),
}


@pytest.mark.parametrize("name", ODD)
def test_odd_images_are_read_and_it_is_said(photos: Path, name: str) -> None:
    make, expected = ODD[name]
    make(photos / "cats" / name)
    loaded, said = read(photos)
    assert len(loaded.main) == 11 and expected in said and "left out" not in said


def test_the_upper_byte_of_16_bits_is_kept(photos: Path) -> None:
    ODD["deep.png"][0](photos / "cats" / "deep.png")
    loaded, _ = read(photos)
    one = loaded.main.x[list(loaded.main.files).index("cats/deep.png")]
    assert (one == 0x7F).all()


def test_transparency_lies_on_white_or_is_a_channel(photos: Path) -> None:
    Image.new("RGBA", (30, 20), (255, 0, 0, 0)).save(photos / "cats" / "clear.png")
    for channels, expected in ((3, 255), (4, [255, 0, 0, 0])):
        loaded, _ = read(photos, channels=channels)
        one = loaded.main.x[list(loaded.main.files).index("cats/clear.png")]
        assert (one == expected).all()


def test_images_stand_upright(photos: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    upright = picture(20, 30)
    upright.transpose(Image.Transpose.ROTATE_90).save(photos / "cats" / "turned.png", exif=exif)
    loaded, said = read(photos)
    one = loaded.main.x[list(loaded.main.files).index("cats/turned.png")]
    np.testing.assert_array_equal(one, np.asarray(upright))
    assert "1 turned as their EXIF orientation says" in said


def test_the_size_is_the_median_and_bounded(photos: Path) -> None:
    for number in range(20):
        picture(300, 400).save(photos / "dogs" / f"large{number}.png")
    loaded, said = read(photos)
    assert loaded.main.x.shape[1:] == (112, 144, 3) and "resized to 112 x 144" in said
    assert read(photos, size=(10, 12), fit="pad")[0].main.x.shape[1:] == (10, 12, 3)


def test_the_usual_size_is_one_that_the_search_has_the_time_for(photos: Path) -> None:
    for number in range(20):
        picture(300, 400).save(photos / "dogs" / f"large{number}.png")
    loaded, said = read(photos, seconds=6)  # of 30 images: 9,000 pixels each, ten times over
    assert loaded.main.x.shape[1:3] == (80, 112)
    assert "not of 112 x 144 pixels, their usual size, of which --time has no room" in said
    assert read(photos, seconds=0.1)[0].main.x.shape[1:3] == (28, 40)  # never much smaller
    loaded, said = read(photos, seconds=600)
    assert loaded.main.x.shape[1:3] == (112, 144) and "--time" not in said
    assert read(photos, size=(99, 99), seconds=0.1)[0].main.x.shape[1:3] == (99, 99)


def test_grey_images_have_one_channel(tmp_path: Path) -> None:
    for label in "ab":
        (tmp_path / label).mkdir()
        picture().convert("L").save(tmp_path / label / "a.png")
    assert read(tmp_path)[0].main.x.shape[3] == 1
    assert read(tmp_path, channels=3)[0].main.x.shape[3] == 3


def test_hidden_files_and_links_out_are_no_rows(photos: Path, tmp_path: Path) -> None:
    (photos / ".hidden").mkdir()
    picture().save(photos / ".hidden" / "a.png")
    (photos / "cats" / ".DS_Store").write_bytes(b"x")
    picture().save(tmp_path / "outside.png")
    (photos / "cats" / "link.png").symlink_to(tmp_path / "outside.png")
    (photos / "dogs" / "inside.jpg").symlink_to(photos / "cats" / "0.jpg")
    (photos / "linked").symlink_to(tmp_path)
    (photos / "cats" / "loop.png").symlink_to(photos / "cats" / "loop.png")
    os.mkfifo(photos / "cats" / "pipe.png")
    loaded, said = read(photos)
    assert len(loaded.main) == 11  # the link that stays inside is one
    assert "4 files are left out" in said and "no regular file: cats/pipe.png" in said
    assert "leads out of the folder: cats/link.png" in said and "a link to a folder: linked" in said


def test_folders_without_images_are_no_classes(photos: Path) -> None:
    (photos / "none").mkdir()
    loaded, said = read(photos)
    assert set(loaded.main.y) == {"cats", "dogs"} and "no image and is no class: 'none'" in said


def test_folders_that_nobody_could_tell_apart_are_refused(photos: Path) -> None:
    (photos / "Cats").mkdir()
    picture().save(photos / "Cats" / "a.png")
    with pytest.raises(DataError, match="'Cats' and 'cats' differ in capital letters or"):
        read(photos)


@pytest.mark.parametrize("name", ["cats ", " cats", "CATS", "ca ts"])
def test_a_class_is_no_other_with_blanks(name: str, photos: Path) -> None:
    (photos / name).mkdir()
    picture().save(photos / name / "a.png")
    if name == "ca ts":
        assert set(read(photos)[0].main.y) == {"cats", "ca ts", "dogs"}
        return
    with pytest.raises(DataError, match="differ in capital letters or blanks only"):
        read(photos)


def test_a_folder_without_classes_is_for_predictions_only(photos: Path) -> None:
    with pytest.raises(DataError, match="no folder for each class"):
        read(photos / "cats")
    loaded, _ = read(photos / "cats", every=True)
    assert len(loaded.main) == 5 and loaded.main.y is None
    picture().save(photos / "beside.png")
    assert len(read(photos, every=True)[0].main) == 11
    loaded, said = read(photos)
    assert len(loaded.main) == 10 and "in no folder of a class: beside.png" in said
    (photos / "none").mkdir()
    with pytest.raises(DataError, match="is a folder: give a file"):
        read(photos / "none")


def test_a_class_whose_name_is_no_text_is_refused(photos: Path) -> None:
    (photos / os.fsdecode(b"\xff\xfe")).mkdir()
    picture().save(photos / os.fsdecode(b"\xff\xfe") / "a.png")
    with pytest.raises(DataError, match=r"'\\udcff\\udcfe' of a folder is no valid text .* rename"):
        read(photos)


def test_a_folder_of_other_files_is_not_walked_to_its_end(
    photos: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(30):
        (photos / "cats" / f"{number}.txt").touch()
    read(photos)  # a few are named and left out
    monkeypatch.setattr("automl.data.sources.image_folder.MOST_OTHERS", 12)
    opened: list[object] = []
    monkeypatch.setattr("automl.data.sources.image_files.read_header", opened.append)
    with pytest.raises(DataError, match=r"more than 12 files that are no images \('?cats/.*\.txt"):
        read(photos)
    monkeypatch.setattr("automl.data.sources.image_folder.MOST_FILES", 3)
    with pytest.raises(DataError, match="holds more than 3 files"):
        read(photos)
    assert opened == []


@pytest.mark.parametrize("how", ["resize", "pad"])
@pytest.mark.parametrize("channels", [1, 3, 4])
def test_a_file_comes_to_the_size_as_an_array_does(channels: int, how: str, tmp_path: Path) -> None:
    pixels = RNG.integers(0, 256, (20, 31, channels), np.uint8)
    Image.fromarray(pixels.squeeze()).save(tmp_path / "one.png")
    for size in ((20, 31), (9, 8), (33, 40)):
        fit = ImageFit(*size, how)
        found = read_pixels(tmp_path / "one.png", fit, channels).array
        np.testing.assert_array_equal(found, fit.fitted_array(pixels[np.newaxis])[0])
