"""Read the text in a picture that a stranger sent: OCR by RapidOCR's own models, on the CPU.

The models come inside its wheel; nothing is fetched. A picture is judged by its size in pixels
before it is decoded, and by what it is, not by what it is called.
"""

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageOps

from telephony import PictureError

if TYPE_CHECKING:
    from rapidocr import RapidOCR

FORMATS = ("JPEG", "PNG", "GIF", "WEBP")
MAX_PIXELS = 50_000_000  # what telephones take; decoded at most 200 MB, one picture at a time
MAX_SIDE = 2000  # pixels; larger ones are made smaller, which print survives
LINE_CONFIDENCE = 0.6  # below it a line is a guess, and a wrong number is worse than none
SAME_ROW = 0.5  # of a line's height: pieces whose middles are closer stand in one row

Boxes = npt.NDArray[np.float32]  # (pieces of text, 4 corners from the top left on, x and y)


@dataclass(frozen=True, slots=True)
class PictureLine:
    """A row of print, from left to right; the confidence is its least certain piece's, 0 to 1."""

    text: str
    confidence: float


@dataclass(frozen=True, slots=True)
class PictureText:
    """What is written in a picture, from top to bottom."""

    lines: tuple[PictureLine, ...] = ()

    @property
    def text(self) -> str:
        """The lines, one below the other."""
        return "\n".join(line.text for line in self.lines)


def read_picture(path: Path) -> PictureText:
    """Read a picture. Blocking: a second or so of one CPU core, the first time two.

    Raises PictureError: this is no picture, or too large a one.
    """
    found = _engine()(_pixels(path))
    if not found.txts or found.boxes is None:
        return PictureText()
    pieces = list(zip(found.txts, found.scores, strict=True))
    rows = [[pieces[index] for index in row] for row in rows_of(np.asarray(found.boxes))]
    return PictureText(
        tuple(
            PictureLine(" ".join(text for text, _ in row), min(score for _, score in row))
            for row in rows
        )
    )


def rows_of(boxes: Boxes) -> list[list[int]]:
    """Return the pieces of each row, from left to right; the page may be tilted."""
    edges = boxes[:, 1] - boxes[:, 0]
    tilt = float(np.median(np.arctan2(edges[:, 1], edges[:, 0])))
    middles = boxes.mean(axis=1)
    along = middles @ np.array([np.cos(tilt), np.sin(tilt)])
    down = middles @ np.array([-np.sin(tilt), np.cos(tilt)])
    heights = np.linalg.norm(boxes[:, 3] - boxes[:, 0], axis=1)
    rows: list[list[int]] = []
    for index in map(int, np.argsort(down, kind="stable")):
        last = rows[-1][-1] if rows else None
        if last is not None and down[index] - down[last] < SAME_ROW * heights[last]:
            rows[-1].append(index)
        else:
            rows.append([index])
    return [sorted(row, key=lambda index: float(along[index])) for row in rows]


def _pixels(path: Path) -> npt.NDArray[np.uint8]:
    """Decode the first frame, upright, blue first."""
    try:
        with Image.open(path, formats=FORMATS) as picture:
            width, height = picture.size
            if width * height > MAX_PIXELS:
                raise PictureError(f"{width} x {height} pixels are too many: send a smaller one")
            picture.draft("RGB", (MAX_SIDE, MAX_SIDE))  # JPEG is decoded smaller at once
            upright = ImageOps.exif_transpose(picture).convert("RGBA")
            upright.thumbnail((MAX_SIDE, MAX_SIDE))
            paper = Image.new("RGBA", upright.size, "white")
            return np.asarray(Image.alpha_composite(paper, upright))[:, :, 2::-1]
    except PictureError:
        raise
    except Exception as error:  # decoders raise whatever a broken file makes them stumble over
        raise PictureError(f"this is no picture: {error}: send a JPEG or PNG") from error


@cache
def _engine() -> "RapidOCR":
    import rapidocr

    models = Path(rapidocr.__file__).parent / "models"
    params: dict[str, Any] = {
        "Global.log_level": "critical",
        "Global.text_score": LINE_CONFIDENCE,
        "Det.model_path": str(models / "PP-OCRv6_det_small.onnx"),
        "Cls.model_path": str(models / "ch_ppocr_mobile_v2.0_cls_mobile.onnx"),
        "Rec.model_path": str(models / "PP-OCRv6_rec_small.onnx"),
        "EngineConfig.onnxruntime.intra_op_num_threads": 1,  # calls go on meanwhile
        "EngineConfig.onnxruntime.inter_op_num_threads": 1,
    }
    return rapidocr.RapidOCR(params=params)
