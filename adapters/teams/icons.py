"""Draws the icons of the app: the number 30, as a few strokes, in the sizes that Teams asks for. Pure.

They are drawn when the package is made, so that there is no picture that nobody can change any more.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from math import hypot
from struct import pack
from typing import Final

COLOR: Final = 192
"""Pixels of a side: Teams shows this icon nearly everywhere, and cuts its corners by itself."""
SYMBOL: Final = 96
"""As wide the symbol may be in it: whatever is cut off around it, a hexagon for bots, leaves it whole."""
OUTLINE: Final = 32
"""White on nothing, up to the edge: the bar at the side shows it."""
GROUND: Final = "#0c5a54"
"""The colour of the icon on the web pages."""

# The symbol in units of its own: a 3 made of two arcs, a gap, and a 0 made of a bent line that closes.
_HEIGHT: Final = 64.0
_HALF_STROKE: Final = 6.5
_BOW: Final = (_HEIGHT - 2 * _HALF_STROKE) / 4  # both arcs of the 3 meet in the middle
_BEND: Final = 14.5
_GAP: Final = 10.0
_THREE: Final = _HALF_STROKE + _BOW  # its middle
_ZERO: Final = 2 * _THREE + _GAP + _HALF_STROKE + _BEND
_WIDTH: Final = _ZERO + _BEND + _HALF_STROKE


def color_icon() -> bytes:
    """Draw the icon in white on the ground's colour, as PNG."""
    ground = bytes.fromhex(GROUND.removeprefix("#"))
    return _png(
        [
            b"".join(bytes(round(255 * ink + under * (1 - ink)) for under in ground) + b"\xff" for ink in row)
            for row in _rows(COLOR, SYMBOL)
        ]
    )


def outline_icon() -> bytes:
    """Draw the icon in white on nothing, as PNG. No other colour is allowed, so what makes edges smooth is alpha."""
    return _png(
        [b"".join(b"\xff\xff\xff" + bytes([round(255 * ink)]) for ink in row) for row in _rows(OUTLINE, OUTLINE)]
    )


def _rows(size: int, symbol: int) -> Iterator[list[float]]:
    """Give how much of each pixel is inked, from 0 to 1, with the symbol in the middle."""
    unit = _WIDTH / symbol  # of a pixel
    for down in range(size):
        y = (down + 0.5 - size / 2) * unit + _HEIGHT / 2
        across = ((each + 0.5 - size / 2) * unit + _WIDTH / 2 for each in range(size))
        yield [min(1.0, max(0.0, 0.5 - (_away(x, y) - _HALF_STROKE) / unit)) for x in across]


def _away(x: float, y: float) -> float:
    """Give how far a point is from the nearest line."""
    y = abs(y - _HEIGHT / 2)  # the lower half is the upper one, mirrored; y counts from the middle now
    return min(_away_from_three(x - _THREE, y), _away_from_zero(x - _ZERO, y))


def _away_from_three(x: float, y: float) -> float:
    """Measure to an arc that is open to the left, towards the middle of the number, and has round ends."""
    y -= _BOW
    if x < 0 and y < 0:
        return min(hypot(x + _BOW, y), hypot(x, y + _BOW))
    return abs(hypot(x, y) - _BOW)


def _away_from_zero(x: float, y: float) -> float:
    """Measure to a line around: straight at the sides, and bent above."""
    straight = _HEIGHT / 2 - _HALF_STROKE - _BEND
    return abs(hypot(x, max(0.0, y - straight)) - _BEND)


def _png(rows: list[bytes]) -> bytes:
    """Put rows of red, green, blue and alpha into a file."""
    head = pack(">IIBBBBB", len(rows[0]) // 4, len(rows), 8, 6, 0, 0, 0)  # 8 bits each, four of them a pixel
    pixels = zlib.compress(b"".join(b"\x00" + row for row in rows), 9)  # each row as it is, without a filter
    return b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", head) + _chunk(b"IDAT", pixels) + _chunk(b"IEND", b"")


def _chunk(kind: bytes, data: bytes) -> bytes:
    return pack(">I", len(data)) + kind + data + pack(">I", zlib.crc32(kind + data))
