"""Read the text in a picture that a stranger sent: OCR by RapidOCR's own models, on the CPU.

The models come inside its wheel; nothing is fetched. A picture is judged by its size in pixels
before it is decoded, and by what it is, not by what it is called.
"""

import math
import time
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageOps

from telephony import PictureError

if TYPE_CHECKING:
    from rapidocr import RapidOCR

FORMATS = ("JPEG", "PNG", "GIF", "WEBP")
MAX_PIXELS = 50_000_000  # what telephones take; decoded at most 200 MB, one picture at a time
MAX_AREA = 1_600_000  # pixels; larger ones are made smaller: finding print takes a second for these
MAX_SIDE = 3000  # pixels; of a receipt as long as an arm
GOOD_SIDE, ENLARGED = 736, 2.0  # a smaller one is made larger up to so many pixels, so many times
MIN_SIDE = 64  # paper around what is thinner
LONGEST_LINE = 60  # times its height; longer ones are ornaments, and cost as much as a page
READ_SECONDS = 5.0  # for one picture
LINE_CONFIDENCE = 0.6  # below it a line is a guess, and a wrong number is worse than none
SAME_ROW = 0.5  # of a line's height: pieces whose middles are closer stand in one row

Pixels = npt.NDArray[np.uint8]  # (height, width, 3), blue first
Boxes = npt.NDArray[np.float32]  # (pieces of text, 4 corners from the top left on, x and y)

_ONE_AT_A_TIME = Lock()  # the engine is not for several threads


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


def read_picture(path: Path, seconds: float = READ_SECONDS) -> PictureText:
    """Read a picture. Blocking: a second or so of one CPU core, the first time two.

    A page full of print takes longer: the lines that `seconds` do not reach are left out.

    Raises PictureError: this is no picture, or too large a one.
    """
    with _ONE_AT_A_TIME:
        engine = _engine()
        deadline = time.monotonic() + seconds
        picture = _pixels(path)
        boxes = engine(picture, use_det=True, use_cls=False, use_rec=False).boxes
        if boxes is None:
            return PictureText()
        lines = []
        for row in rows_of(boxes):
            pieces = [
                piece
                for index in row
                if time.monotonic() < deadline
                and (piece := _read_piece(engine, picture, boxes[index]))
            ]
            if pieces:
                text = " ".join(piece.text for piece in pieces)
                lines.append(PictureLine(text, min(piece.confidence for piece in pieces)))
        return PictureText(tuple(lines))


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


def _read_piece(engine: "RapidOCR", picture: Pixels, box: Boxes) -> PictureLine | None:
    """Read what one box holds; None of what is a guess, or no line of print."""
    from rapidocr.utils.process_img import get_rotate_crop_image

    piece = get_rotate_crop_image(picture, box.copy())
    height, width = piece.shape[:2]
    if width > LONGEST_LINE * height:
        return None
    read = engine(piece, use_det=False, use_cls=True, use_rec=True)
    if not read.txts or read.scores[0] < LINE_CONFIDENCE:
        return None
    text = read.txts[0].strip()
    return PictureLine(text, float(read.scores[0])) if text else None


def _pixels(path: Path) -> Pixels:
    """Decode the first frame, upright, blue first."""
    try:
        with Image.open(path, formats=FORMATS) as picture:
            width, height = picture.size
            if width * height > MAX_PIXELS:
                raise PictureError(f"{width} x {height} pixels are too many: send a smaller one")
            picture.draft("RGB", (MAX_SIDE, MAX_SIDE))  # JPEG is decoded smaller at once
            upright = ImageOps.exif_transpose(picture).convert("RGBA")
            scale = _scale(*upright.size)
            size = [max(1, round(side * scale)) for side in upright.size]
            paper = Image.new("RGBA", [max(side, MIN_SIDE) for side in size], "white")
            paper.alpha_composite(upright.resize(size, Image.Resampling.LANCZOS))
            return np.ascontiguousarray(np.asarray(paper)[:, :, 2::-1])
    except PictureError:
        raise
    except Exception as error:  # decoders raise whatever a broken file makes them stumble over
        raise PictureError(f"this is no picture: {error}: send a JPEG or PNG") from error


def _scale(width: int, height: int) -> float:
    """Return how much larger a picture of this size is best read."""
    larger = max(1.0, min(ENLARGED, GOOD_SIDE / min(width, height)))
    return min(larger, math.sqrt(MAX_AREA / (width * height)), MAX_SIDE / max(width, height))


@cache
def _engine() -> "RapidOCR":
    import rapidocr

    models = Path(rapidocr.__file__).parent / "models"
    params: dict[str, Any] = {
        "Global.log_level": "critical",
        "Global.max_side_len": MAX_SIDE,
        "Det.limit_type": "max",  # the other way it enlarges a thin strip without bounds
        "Det.limit_side_len": MAX_SIDE,
        "Det.model_path": str(models / "PP-OCRv6_det_small.onnx"),
        "Cls.model_path": str(models / "ch_ppocr_mobile_v2.0_cls_mobile.onnx"),
        "Rec.model_path": str(models / "PP-OCRv6_rec_small.onnx"),
        "EngineConfig.onnxruntime.intra_op_num_threads": 1,  # calls go on meanwhile
        "EngineConfig.onnxruntime.inter_op_num_threads": 1,
    }
    return rapidocr.RapidOCR(params=params)
