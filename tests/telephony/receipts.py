"""Receipts and screenshots as callers photograph them, drawn: what they say is known exactly."""

import io
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import matplotlib
import numpy as np
from PIL import Image, ImageDraw, ImageFilter, ImageFont

FONTS = Path(matplotlib.get_data_path()) / "fonts" / "ttf"
SANS, SERIF, MONO, TIMES = (
    "DejaVuSans.ttf",
    "DejaVuSerif.ttf",
    "DejaVuSansMono.ttf",
    "STIXGeneral.ttf",
)
SIZES = (18, 24, 30)  # pixels


@dataclass(frozen=True, slots=True)
class Receipt:
    """What is printed, and how it was photographed."""

    order: str
    amount: str
    date: str
    label: str = "Order number: "
    font: str = SANS
    size: int = 28
    tilt: float = 0.0  # degrees
    noise: float = 0.0  # of 255
    blur: float = 0.0  # pixels
    quality: int = 90  # of the JPEG
    dark: bool = False  # a screenshot at night

    @property
    def lines(self) -> tuple[str, ...]:
        return (
            "MAPLEWOOD",
            "12 Mill Street, Springfield 60601",
            f"{self.label}{self.order}",
            f"Date {self.date}",
            "1 x Kettle, stainless",
            f"Total {self.amount}",
            "Thank you for your purchase!",
        )

    def jpeg(self) -> bytes:
        return photographed(self)


def page(lines: Sequence[str], font: str = SANS, size: int = 28, dark: bool = False) -> Image.Image:
    """Print the lines one below the other."""
    ink, paper = ("white", "#202020") if dark else ("black", "white")
    letters = _font(font, size)
    width = int(max(letters.getlength(line) for line in lines)) + 4 * size
    picture = Image.new("RGB", (width, (len(lines) + 2) * size * 2), paper)
    draw = ImageDraw.Draw(picture)
    for index, line in enumerate(lines):
        draw.text((2 * size, (index + 1) * size * 2), line, font=letters, fill=ink)
    return picture


def photographed(receipt: Receipt) -> bytes:
    """Tilt, blur and grain it, and save it as a JPEG."""
    picture = page(receipt.lines, receipt.font, receipt.size, receipt.dark)
    paper = picture.getpixel((0, 0))
    picture = picture.rotate(receipt.tilt, Image.Resampling.BICUBIC, expand=True, fillcolor=paper)
    picture = picture.filter(ImageFilter.GaussianBlur(receipt.blur))
    grain = np.random.default_rng(7).normal(0, receipt.noise, (*picture.size[::-1], 3))
    pixels = np.clip(np.asarray(picture) + grain, 0, 255).astype(np.uint8)
    return saved(Image.fromarray(pixels), "JPEG", quality=receipt.quality)


def saved(picture: Image.Image, format: str, **options: object) -> bytes:
    file = io.BytesIO()
    picture.save(file, format, **options)
    return file.getvalue()


def receipts() -> list[Receipt]:
    """Return two dozen of them: four fonts, three sizes, each photographed worse than the last."""
    made = []
    for index in range(24):
        size = SIZES[index % 3]
        made.append(
            Receipt(
                order=f"{10_417 + index * 3_571}",
                amount=f"${7 + index * 13}.{index * 4 % 100:02}",
                date=f"{1 + index % 12:02}/{1 + index:02}/2026",
                label=("Order number: ", "Order #", "Order no. ")[index // 3 % 3],
                font=(SANS, SERIF, MONO, TIMES)[index // 3 % 4],
                size=size,
                tilt=(0, 2, -3, 5, -7, 10)[index % 6],
                noise=(0, 10, 20, 30)[index // 6],
                blur=size / 28 * (0, 0.5, 1.0)[index // 8],
                quality=(90, 60, 35)[index // 8],
                dark=index % 5 == 4,
            )
        )
    return made


@cache
def _font(name: str, size: int) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(FONTS / name, size)
