"""Text in pictures, read by the real engine, and files that are no pictures, or too much of one."""

import time
import zlib
from datetime import date
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from dialogue.seeing import values_seen
from nlu.dataset import SlotType
from telephony import PictureError
from telephony.pictures import Boxes, PictureText, read_picture, rows_of
from tests.telephony.receipts import Receipt, page, receipts, saved

ORDER = SlotType("order_number", "digits", 5)


def order_in(text: PictureText) -> tuple[str, ...]:
    return values_seen([text.text], ORDER, date(2026, 11, 20))


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    return tmp_path / "picture"


def png(width: int, height: int) -> bytes:
    """Return a PNG that says it is so large, with next to nothing in it."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return len(data).to_bytes(4) + kind + data + zlib.crc32(kind + data).to_bytes(4)

    size = width.to_bytes(4) + height.to_bytes(4)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", size + bytes([8, 2, 0, 0, 0]))
        + chunk(b"IDAT", zlib.compress(bytes(100)))
        + chunk(b"IEND", b"")
    )


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "this is no picture"),
        (b"%PDF-1.7 not a picture", "this is no picture"),
        (b"\xff\xd8\xff\xe0 a JPEG that is not", "this is no picture"),
        (b"GIF89a", "this is no picture"),
        (Receipt("15213", "$1.00", "11/20/2026").jpeg()[:2000], "this is no picture"),
        (saved(Image.new("RGB", (40, 40)), "BMP"), "this is no picture"),  # not among the formats
        (png(10_000, 6_000), "10000 x 6000 pixels are too many"),
        (png(60_000, 60_000), "this is no picture"),  # Pillow itself calls it a bomb
    ],
    ids=["empty", "pdf", "broken", "header", "cut", "bmp", "large", "bomb"],
)
def test_what_is_no_picture_is_refused_in_one_line(picture: Path, content: bytes, why: str) -> None:
    picture.write_bytes(content)
    with pytest.raises(PictureError, match=f"^{why}.*: send a .*$"):
        read_picture(picture)


def test_pieces_of_a_tilted_row_belong_together() -> None:
    tilt = np.deg2rad(4)
    turn = np.array([[np.cos(tilt), np.sin(tilt)], [-np.sin(tilt), np.cos(tilt)]])

    def piece(x: float, y: float) -> Boxes:
        corners = np.array([[x, y], [x + 100, y], [x + 100, y + 20], [x, y + 20]])
        return np.asarray(corners @ turn, np.float32)

    boxes = np.array([piece(500, 40), piece(0, 0), piece(0, 40), piece(500, 0)])
    assert rows_of(boxes) == [[1, 3], [2, 0]]


@pytest.mark.slow
def test_what_is_printed_is_read(picture: Path, capfd: pytest.CaptureFixture[str]) -> None:
    right = amounts = dates = 0
    for receipt in receipts():
        picture.write_bytes(receipt.jpeg())
        text = read_picture(picture)
        right += order_in(text) == (receipt.order,)
        amounts += receipt.amount in text.text
        dates += receipt.date in text.text
    assert min(right, amounts, dates) >= 22, (right, amounts, dates)
    assert capfd.readouterr() == ("", "")  # its own logging is silent


@pytest.mark.slow
@pytest.mark.parametrize("format", ["PNG", "GIF", "WEBP", "JPEG"])
def test_every_format_is_read_and_columns_stay_in_their_rows(picture: Path, format: str) -> None:
    drawn = page(("Order 15213", "", "Kettle                    $42.50", "Total     $47.45"))
    picture.write_bytes(saved(drawn, format))
    text = read_picture(picture)
    assert order_in(text) == ("15213",)
    assert text.text.splitlines()[1:] == ["Kettle $42.50", "Total $47.45"]
    assert all(line.confidence > 0.9 for line in text.lines)


@pytest.mark.slow
def test_a_photo_that_says_which_way_is_up_is_turned(picture: Path) -> None:
    drawn = page(("MAPLEWOOD", "Order 15213")).rotate(90, expand=True)
    exif = Image.Exif()
    exif[0x0112] = 6  # turn it by 90 degrees
    picture.write_bytes(saved(drawn, "JPEG", exif=exif))
    assert read_picture(picture).text == "MAPLEWOOD\nOrder 15213"


@pytest.mark.slow
def test_a_page_full_of_print_and_a_strip_have_an_end(picture: Path) -> None:
    picture.write_bytes(saved(page(["order 15213 " * 8] * 40, size=18), "PNG"))
    began = time.monotonic()
    assert len(read_picture(picture, seconds=0.5).lines) < 40
    picture.write_bytes(saved(Image.new("RGB", (20, 2000), "white"), "PNG"))
    assert read_picture(picture) == PictureText()
    assert time.monotonic() - began < 30  # was 75 s and 7 GB for the strip alone


@pytest.mark.slow
def test_a_picture_without_print_has_no_text(picture: Path) -> None:
    picture.write_bytes(saved(Image.new("RGB", (300, 200), "white"), "PNG"))
    assert read_picture(picture) == PictureText()


@pytest.mark.slow
def test_print_on_nothing_is_read_as_on_paper(picture: Path) -> None:
    drawn = page(("Order 15213",)).convert("RGBA")
    alpha = Image.eval(drawn.convert("L"), lambda value: 255 - value)
    drawn.putalpha(alpha)
    picture.write_bytes(saved(drawn, "PNG"))
    assert read_picture(picture).text == "Order 15213"
