"""Where things are: a camera under the eaves looks across a straight road.

Metres in, pixels out. The road frame has s along the road (growing to the
right of the picture), o across it (negative: nearer to the camera) and v up.
Right-hand traffic seen from the roadside: the near lane goes left to right.
"""

import math
from dataclasses import dataclass

import cairo

WIDTH, HEIGHT = 640, 360
FPS = 12
GOP_SECONDS = 2
HALF_ROAD = 3.5  # metres from the centre line to the edge of the asphalt
LANE = {"ltr": -1.75, "rtl": 1.75}


@dataclass(frozen=True)
class Camera:
    yaw: float  # radians between the road and the picture plane
    distance: float  # metres to the centre line, straight ahead
    horizon: float  # pixels from the top
    height: float = 3.5
    focal: float = 560.0

    def depth(self, s, o):
        return self.distance + s * math.sin(self.yaw) + o * math.cos(self.yaw)

    def point(self, s, o, v=0.0):
        z = max(self.depth(s, o), 0.6)
        x = s * math.cos(self.yaw) - o * math.sin(self.yaw)
        return (WIDTH / 2 + self.focal * x / z,
                self.horizon + self.focal * (self.height - v) / z)

    def scale(self, s, o):
        """Pixels of a metre at this place."""
        return self.focal / max(self.depth(s, o), 0.6)

    def eye(self):
        """The camera's own place in the road frame (s, o)."""
        return (-self.distance * math.sin(self.yaw), -self.distance * math.cos(self.yaw))

    def span(self, o):
        """The stretch of the line at offset o that lies inside the picture."""
        inside = [i / 10 for i in range(-600, 600)
                  if self.depth(i / 10, o) > 2 and 0 <= self.point(i / 10, o)[0] <= WIDTH]
        return inside[0], inside[-1]


def rgb(text, alpha=None):
    parts = [int(text[i:i + 2], 16) / 255 for i in (1, 3, 5)]
    return (*parts, alpha) if alpha is not None else tuple(parts)


def mix(a, b, t):
    return tuple(x + (y - x) * t for x, y in zip(a, b))


def shade(color, t):
    """Darker below zero, lighter above."""
    return mix(color, (0.05, 0.07, 0.12), -t) if t < 0 else mix(color, (1, 0.98, 0.92), t)


def fill(ctx, points, color):
    ctx.new_path()
    for x, y in points:
        ctx.line_to(x, y)
    ctx.close_path()
    ctx.set_source_rgba(*color)
    ctx.fill()


def line(ctx, points, color, width):
    ctx.new_path()
    for x, y in points:
        ctx.line_to(x, y)
    ctx.set_source_rgba(*color)
    ctx.set_line_width(width)
    ctx.set_line_cap(cairo.LINE_CAP_ROUND)
    ctx.set_line_join(cairo.LINE_JOIN_ROUND)
    ctx.stroke()


def gradient(y0, y1, *stops):
    g = cairo.LinearGradient(0, y0, 0, y1)
    for at, color in stops:
        g.add_color_stop_rgba(at, *color, *((1,) if len(color) == 3 else ()))
    return g


def ellipse(cx, cy, rx, ry, n=28):
    return [(cx + rx * math.cos(i * 2 * math.pi / n), cy + ry * math.sin(i * 2 * math.pi / n))
            for i in range(n)]


def rounded(points, times=2):
    """Corner cutting (Chaikin) of a closed outline."""
    for _ in range(times):
        out = []
        for a, b in zip(points, points[1:] + points[:1]):
            out += [mix(a, b, 0.22), mix(a, b, 0.78)]
        points = out
    return points
