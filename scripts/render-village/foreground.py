"""What stands between the camera and the road: the home's own yard."""

import math

from ground import HALF_ROAD, HEIGHT, WIDTH, ellipse, fill, gradient, line, mix, rgb, shade


class Yard:
    """Still parts are painted once; leaves sway with a period of one GOP, so
    that every clip ends where every other begins."""

    def __init__(self, rnd, cam, light):
        self.cam = cam
        self.leaf = mix(rgb(light[4]), rgb("#6fa544"), 0.6)
        self.wall = rgb(rnd.choice(["#d8c7a1", "#c98d5e", "#b9c7c4", "#e0d6c6", "#c7a36f", "#a9b79a"]))
        self.gate = rgb(rnd.choice(["#2f5d73", "#7a3b2e", "#3f6b4f", "#5a4a78", "#444b52"]))
        self.ground = rgb(rnd.choice(["#c2a384", "#b9b1a2", "#b58a6b", "#a9a698"]))
        self.left = rnd.random() < 0.5  # the side of the picture that the wall takes
        self.wall_to = rnd.uniform(0.16, 0.3)
        self.wall_top = rnd.uniform(0.7, 0.78)
        self.eave = rnd.random() < 0.45
        self.blossom = rgb(rnd.choice(["#d0437f", "#e0662f", "#c9418f", "#e8b63a"]))
        self.flowers = [(rnd.random(), rnd.random(), rnd.random()) for _ in range(46)] if rnd.random() < 0.6 else []
        self.banana = rnd.random() < 0.6 or not self.flowers
        self.leaves = [(rnd.uniform(-1.35, 1.35), rnd.uniform(0.75, 1.15), rnd.uniform(0, 6.3)) for _ in range(7)]
        self.pots = [rnd.uniform(0.35, 0.9) for _ in range(rnd.randint(0, 3))]
        self.tufts = [(rnd.uniform(-16, 12), rnd.uniform(-0.5, 0.3), rnd.uniform(0.5, 1.2)) for _ in range(40)]

    def x(self, share):
        """A share of the width, counted from the wall's side."""
        return share * WIDTH if self.left else (1 - share) * WIDTH

    def below(self, ctx):
        """The yard's floor and the verge: under the shadows of the traffic."""
        cam, edge = self.cam, -HALF_ROAD - 1.3
        ends = [cam.point(s, edge) for s in cam.span(edge)]
        slope = (ends[1][1] - ends[0][1]) / max(ends[1][0] - ends[0][0], 1)
        left, right = ends[0][1] - slope * ends[0][0], ends[0][1] + slope * (WIDTH - ends[0][0])
        ctx.new_path()
        for p in ((0, left), (WIDTH, right), (WIDTH, HEIGHT), (0, HEIGHT)):
            ctx.line_to(*p)
        ctx.close_path()
        ctx.set_source(gradient(min(left, right), HEIGHT, (0, shade(self.ground, 0.1)), (1, shade(self.ground, -0.2))))
        ctx.fill()
        for s, o, size in self.tufts:
            if cam.depth(s, edge + o) < 4:
                continue
            x, y = cam.point(s, edge + o)
            k = cam.scale(s, edge) * size * 0.22
            for d in (-0.9, -0.4, 0, 0.4, 0.9):
                line(ctx, [(x, y), (x + d * k, y - k * (1.2 - abs(d) * 0.5))], (*shade(self.leaf, -0.1 + 0.2 * abs(d)), 0.9), 1.4)

    def still(self, ctx):
        """Wall, gate post and eaves: over the traffic."""
        inner, top = self.x(self.wall_to), self.wall_top * HEIGHT
        outer, rise = self.x(0), 26
        face = [(outer, top - rise), (inner, top), (inner, HEIGHT), (outer, HEIGHT)]
        fill(ctx, face, (*self.wall, 1))
        for i in range(1, 6):
            y0, y1 = top - rise + i * 26, top + i * 22
            line(ctx, [(outer, y0), (inner, y1)], (*shade(self.wall, -0.25), 0.35), 1)
        fill(ctx, [(outer, top - rise - 8), (inner, top - 7), (inner, top + 2), (outer, top - rise + 4)], (*shade(self.wall, -0.32), 1))
        self.post(ctx, inner, top)
        if self.eave:
            self.eaves(ctx)
        for share in self.pots:
            self.pot(ctx, self.x(0.3 + share * 0.6), HEIGHT - 2)

    def post(self, ctx, x, top):
        w = 15
        ctx.rectangle(x - w, top - 34, 2 * w, HEIGHT)
        ctx.set_source_rgba(*shade(self.wall, 0.12), 1)
        ctx.fill()
        ctx.rectangle(x + (w * 0.3 if self.left else -w), top - 34, w * 0.7, HEIGHT)
        ctx.set_source_rgba(*shade(self.wall, -0.22), 1)
        ctx.fill()
        roof = rgb("#8a4b38")
        fill(ctx, [(x - w - 6, top - 34), (x + w + 6, top - 34), (x + 4, top - 50), (x - 4, top - 50)], (*roof, 1))
        line(ctx, [(x - w - 6, top - 34), (x + w + 6, top - 34)], (*shade(roof, -0.35), 1), 2.5)
        step = 1 if self.left else -1  # the open leaf of the gate
        for i in range(5):
            gx = x + step * (w + 5 + i * 9)
            line(ctx, [(gx, top + 2 + i * 2), (gx, HEIGHT)], (*self.gate, 1), 3)
        for y in (top + 10, HEIGHT - 18):
            line(ctx, [(x + step * w, y), (x + step * (w + 43), y + 8)], (*shade(self.gate, -0.15), 1), 3)

    def eaves(self, ctx):
        outer, inner = self.x(-0.02), self.x(0.5)
        if self.left:  # the label has the left corner: hang the eaves over the right one
            outer, inner = self.x(1.02), self.x(0.52)
        fill(ctx, [(outer, -2), (inner, -2), (outer, 34)], (*rgb("#4d342b"), 1))
        n = 16
        for i in range(n):
            x, y = mix((outer, 34), (inner, -2), i / n)
            fill(ctx, ellipse(x, y, 9, 5, 14), (*shade(rgb("#8a4f3b"), -0.15 if i % 2 else 0.0), 1))

    def pot(self, ctx, x, y):
        clay = rgb("#a4593c")
        fill(ctx, [(x - 13, y - 22), (x + 13, y - 22), (x + 9, y + 2), (x - 9, y + 2)], (*clay, 1))
        fill(ctx, [(x - 15, y - 26), (x + 15, y - 26), (x + 15, y - 20), (x - 15, y - 20)], (*shade(clay, 0.15), 1))
        for i in range(9):
            a = -math.pi * (0.12 + 0.095 * i)
            tip = (x + 24 * math.cos(a), y - 26 + 26 * math.sin(a))
            line(ctx, [(x, y - 24), tip], (*shade(self.leaf, -0.2 + 0.05 * i), 1), 3.4)

    def sway(self, ctx, phase):
        """Leaves at the given share of the period."""
        if self.banana:
            foot = (self.x(0.045), HEIGHT * self.wall_top - 4)
            line(ctx, [foot, (foot[0], foot[1] - 40)], (*rgb("#8d9a58"), 1), 13)
            for angle, size, lag in self.leaves:
                self.banana_leaf(ctx, (foot[0], foot[1] - 36), angle + 0.035 * math.sin(phase * 2 * math.pi + lag), size)
        for u, v, tone in self.flowers:
            x = self.x(u * (self.wall_to - 0.035))
            y = HEIGHT * self.wall_top - 20 + v * 34 + 10 * u + 0.5 * math.sin(phase * 2 * math.pi + 6 * tone)
            color = self.blossom if tone < 0.62 else self.leaf
            fill(ctx, ellipse(x, y, 5.2, 4.2, 10), (*shade(color, (tone * 7 % 1 - 0.5) * 0.5), 1))

    def banana_leaf(self, ctx, foot, angle, size):
        length, width = 96 * size, 13 * size
        rib, upper, lower = [], [], []
        for i in range(13):
            t = i / 12
            bend = angle + math.copysign(0.9 * t * t, angle)
            x = foot[0] + length * t * math.sin(bend)
            y = foot[1] - length * t * math.cos(bend)
            w = width * math.sin(math.pi * min(1, t * 0.93 + 0.05)) ** 0.7
            nx, ny = math.cos(bend), math.sin(bend)
            rib.append((x, y))
            upper.append((x + nx * w, y + ny * w))
            lower.append((x - nx * w, y - ny * w))
        tone = shade(self.leaf, 0.12 - 0.2 * abs(angle))
        fill(ctx, rib + upper[::-1], (*shade(tone, 0.14), 1))
        fill(ctx, rib + lower[::-1], (*shade(tone, -0.14), 1))
        line(ctx, rib, (*rgb("#c7d08a"), 0.9), 1.3)
