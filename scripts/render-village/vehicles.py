"""Motorbikes, cars and trucks: side outlines in metres, swept over their
width and put on the road through the camera. u is forward, v up."""

import math

from ground import LANE, ellipse, fill, line, mix, rgb, rounded, shade

GLASS = rgb("#2e3d49")
TYRE = rgb("#1f2124")


class Placed:
    """A vehicle at one place of the road, heading one way."""

    def __init__(self, ctx, cam, s, direction):
        self.ctx, self.cam, self.s = ctx, cam, s
        self.sign = 1 if direction == "ltr" else -1
        self.lane = LANE[direction]
        self.px = cam.scale(s, self.lane)

    def at(self, u, v, w=0.0):
        return self.cam.point(self.s + self.sign * u, self.lane + w, v)

    def flat(self, points, color, w=0.0):
        fill(self.ctx, [self.at(u, v, w) for u, v in points], (*color, 1)[:4] if len(color) == 3 else color)

    def bar(self, points, color, metres, w=0.0):
        line(self.ctx, [self.at(u, v, w) for u, v in points], (*color, 1), max(0.8, metres * self.px))

    def shadow(self, half, width, slant=0.35):
        for grow, alpha in ((1.12, 0.10), (1.0, 0.16), (0.86, 0.18)):
            ring = [(half * grow * math.copysign(abs(math.cos(a)) ** 0.5, math.cos(a)),
                     width * grow * math.copysign(abs(math.sin(a)) ** 0.5, math.sin(a)))
                    for a in (i * math.pi / 20 for i in range(40))]
            fill(self.ctx, [self.at(u, 0, w + slant) for u, w in ring], (0.06, 0.07, 0.1, alpha))

    def sweep(self, outline, half, color, glass=lambda u, v, nu: False):
        """Draws the visible faces between both sides, then the near side."""
        eye_s, eye_o = self.cam.eye()
        turning = sum(a[0] * b[1] - b[0] * a[1] for a, b in zip(outline, outline[1:] + outline[:1]))
        for a, b in zip(outline, outline[1:] + outline[:1]):
            nu, nv = b[1] - a[1], a[0] - b[0]
            if turning < 0:
                nu, nv = -nu, -nv
            mu, mv = (a[0] + b[0]) / 2, (a[1] + b[1]) / 2
            toward = nu * self.sign * (eye_s - self.s - self.sign * mu) + nv * (self.cam.height - mv)
            if toward <= 0:
                continue
            size = math.hypot(nu, nv) or 1
            tone = shade(color, 0.32 * nv / size - 0.12 * abs(nu) / size)
            if glass(mu, mv, nu / size):
                tone = mix(GLASS, (0.75, 0.85, 0.9), 0.18 + 0.2 * max(0, nv / size))
            quad = [self.at(*a, -half), self.at(*b, -half), self.at(*b, half), self.at(*a, half)]
            fill(self.ctx, quad, (*tone, 1))
            line(self.ctx, quad + quad[:1], (*tone, 1), 0.7)  # closes hairlines between faces
        self.flat(outline, color, -half)

    def wheel(self, u, radius, turn, w, rim="#b9bcc0"):
        disc = lambda r: ellipse(u, radius, r, r)
        self.flat(disc(radius), TYRE, w)
        self.flat(disc(radius * 0.62), rgb(rim), w)
        self.flat(disc(radius * 0.5), rgb("#55595e"), w)
        for i in range(5):
            a = turn / radius + i * 2 * math.pi / 5
            self.bar([(u, radius), (u + radius * 0.55 * math.cos(a), radius - radius * 0.55 * math.sin(a))], rgb(rim), 0.05, w)
        self.flat(ellipse(u, radius, radius * 0.14, radius * 0.14, 10), rgb(rim), w)


CAR = rounded([(-2.1, .30), (-2.16, .78), (-1.98, 1.0), (-1.5, 1.44), (-1.2, 1.5), (.15, 1.5), (.4, 1.44),
               (1.05, 1.0), (1.9, .88), (2.15, .72), (2.16, .30)], 1)


def car(p, travelled, color):
    p.shadow(2.2, 0.9)
    for u in (-1.35, 1.35):
        p.wheel(u, .33, travelled, 0.75)
    p.sweep(CAR, 0.85, color, lambda u, v, nu: 1.02 < v < 1.46 and abs(nu) > 0.3)
    near = -0.85
    p.flat([(-2.1, .30), (2.14, .30), (2.14, .42), (-2.12, .42)], shade(color, -0.55), near)
    p.flat([(-2.14, .72), (2.1, .70), (2.14, .42), (-2.14, .42)], shade(color, -0.14), near)
    for pane in ([(-1.62, 1.03), (-1.35, 1.38), (-.52, 1.42), (-.52, 1.03)],
                 [(-.42, 1.03), (-.42, 1.42), (.18, 1.40), (.84, 1.03)]):
        p.flat(pane, mix(GLASS, (.6, .75, .85), .12), near)
        (a, b), (c, d) = pane[1], pane[2]
        p.flat([(a, b), (mix((a, b), (c, d), .45)), (pane[0][0] + .35, 1.03), pane[0]], (.8, .9, .95, .16), near)
    for u in (-.47, .62):
        p.bar([(u, .98), (u - .02, .45)], shade(color, -0.4), .025, near)
    for u in (-.75, .3):
        p.bar([(u - .18, .9), (u, .9)], shade(color, -0.5), .04, near)
    p.flat(ellipse(1.98, .74, .16, .08), rgb("#fbf4d8"), near)
    p.flat(ellipse(-2.04, .82, .1, .09), rgb("#b7322c"), near)
    for u in (-1.35, 1.35):
        p.flat(ellipse(u, .36, .43, .41), shade(color, -0.6), near)
        p.wheel(u, .33, travelled, near - 0.02)


CAB = rounded([(1.55, .55), (1.5, 2.25), (2.75, 2.28), (3.25, 1.45), (3.4, 1.3), (3.42, .55)], 1)
BOX = [(-3.6, .95), (-3.6, 2.55), (1.35, 2.55), (1.35, .95)]


def truck(p, travelled, color, cloth):
    p.shadow(3.6, 1.15)
    wheels = (-2.7, -1.75, 2.45)
    for u in wheels:
        p.wheel(u, .46, travelled, 0.95)
    near = -1.1
    p.sweep([(-3.55, .6), (-3.55, .95), (2.2, .95), (2.2, .6)], 0.9, rgb("#3b3f44"))
    boxes = [lambda: p.sweep(BOX, 1.1, cloth),
             lambda: p.sweep(CAB, 1.05, color, lambda u, v, nu: 1.42 < v < 2.2 and nu > .4)]
    # the part that is further from the camera first
    if p.cam.depth(p.s + p.sign * 2.4, p.lane) > p.cam.depth(p.s - p.sign, p.lane):
        boxes.reverse()
    for draw in boxes:
        draw()
    p.flat([(-3.6, .95), (1.35, .95), (1.35, 1.45), (-3.6, 1.45)], rgb("#8b6a48"), near)
    for v in (1.1, 1.28):
        p.bar([(-3.58, v), (1.33, v)], rgb("#6d5238"), .03, near)
    for i in range(9):
        u = -3.5 + i * .6
        p.bar([(u, .97), (u, 1.45)], rgb("#5b4630"), .06, near)
        p.bar([(u, 1.47), (u, 2.5)], shade(cloth, -.16), .05, near)
    p.bar([(-3.6, 1.46), (1.35, 1.46)], shade(cloth, -.4), .06, near)
    side = -1.05
    p.flat([(1.95, 1.45), (1.95, 2.05), (2.68, 2.07), (3.05, 1.45)], GLASS, side)
    p.flat([(1.95, 1.8), (1.95, 2.05), (2.4, 2.06)], (.8, .9, .95, .2), side)
    p.bar([(1.85, 2.1), (1.85, .7), (3.0, .7)], shade(color, -.35), .03, side)
    p.flat([(1.5, .55), (3.42, .55), (3.42, .8), (1.5, .8)], shade(color, -.5), side)
    p.flat(ellipse(3.3, 1.0, .11, .1), rgb("#fbf4d8"), side)
    for u in wheels:
        p.flat(ellipse(u, .5, .58, .5), rgb("#26282b"), near + .02)
        p.wheel(u, .46, travelled, near)


def bike(p, travelled, look):
    """A moped-like motorbike with its rider; look: body, jacket, trousers, helmet."""
    p.shadow(1.0, 0.28, 0.2)
    body = look["body"]
    p.wheel(-.63, .30, travelled, 0, "#a9adb2")
    p.wheel(.66, .30, travelled, 0, "#a9adb2")
    p.bar([(.66, .30), (.5, .78), (.4, 1.05)], rgb("#a3a8ad"), .07)
    p.flat(rounded([(.36, .62), (.98, .56), (.9, .64), (.6, .68)]), shade(body, -.1))
    p.flat(rounded([(-.55, .36), (-.1, .28), (.25, .34), (.2, .5), (-.3, .55)]), rgb("#595e63"))
    p.bar([(-.15, .3), (-.95, .38)], rgb("#c2c6ca"), .1)
    p.flat(rounded([(-.98, .8), (-.7, .86), (-.1, .74), (.1, .5), (-.05, .42), (-.45, .52), (-.75, .64)]), body)
    p.flat(rounded([(.52, 1.02), (.36, 1.02), (.12, .5), (.24, .32), (.42, .42), (.5, .7)]), shade(body, .1))
    p.flat(rounded([(-.82, .86), (-.1, .8), (.05, .74), (-.1, .72), (-.75, .77)]), rgb("#26282b"))
    p.flat(rounded([(.38, .98), (.62, .96), (.6, 1.12), (.4, 1.14)]), shade(body, -.05))
    p.flat(ellipse(.6, 1.03, .06, .08), rgb("#fdf3cf"))
    p.flat(ellipse(-.98, .77, .06, .05), rgb("#c43a30"))
    p.bar([(.44, 1.1), (.3, 1.16)], rgb("#2b2d30"), .06)
    if look.get("sack"):
        sack(p, look["sack"])
    rider(p, look)


def rider(p, look):
    jacket, trousers, skin = look["jacket"], look["trousers"], rgb("#c99a74")
    p.bar([(-.2, .86), (.28, .72), (.14, .34)], shade(trousers, -.2), .17, .12)
    p.bar([(.08, .33), (.27, .31)], rgb("#2b2622"), .1, -.1)
    p.flat(rounded([(-.38, .82), (-.36, 1.1), (-.2, 1.38), (.02, 1.42), (.1, 1.28), (.04, 1.02), (.02, .84)]), jacket)
    p.flat(rounded([(-.38, .84), (-.36, 1.1), (-.22, 1.36), (-.16, 1.2), (-.2, .86)]), shade(jacket, -.22))
    p.bar([(-.2, .86), (.3, .76), (.16, .36)], trousers, .19, -.12)
    p.bar([(-.06, 1.3), (.16, 1.02), (.36, 1.14)], shade(jacket, .12), .14, -.16)
    p.flat(ellipse(.37, 1.14, .06, .06, 12), skin, -.16)
    p.bar([(-.04, 1.4), (.0, 1.48)], skin, .12)
    p.flat(ellipse(.05, 1.58, .14, .15), skin)
    dome = [(0.02 + .19 * math.cos(a), 1.6 + .19 * math.sin(a)) for a in (i * math.pi / 14 - .1 for i in range(15))]
    p.flat(dome + [(-.17, 1.5), (-.08, 1.47)], look["helmet"])
    p.bar([(.1, 1.6), (.26, 1.6)], shade(look["helmet"], -.25), .05)
    p.bar([(-.08, 1.7), (.08, 1.72)], shade(look["helmet"], .5), .04)


def sack(p, color):
    shape = rounded([(-1.22, .84), (-1.3, 1.15), (-1.16, 1.5), (-.8, 1.62), (-.5, 1.52), (-.36, 1.2), (-.4, .88), (-.8, .8)])
    p.flat([(u - .02, v - .03) for u, v in shape], shade(color, -.4))
    p.flat(shape, color)
    p.flat(rounded([(-1.2, .86), (-1.24, 1.1), (-.8, .98), (-.42, 1.08), (-.42, .9), (-.8, .82)]), shade(color, -.18))
    for a, b in (((-.98, 1.5), (-1.08, 1.12)), ((-.72, 1.54), (-.68, 1.18)), ((-.9, 1.2), (-.86, .9))):
        p.bar([a, b], shade(color, -.28), .025)
    p.bar([(-.86, 1.6), (-.74, 1.74)], shade(color, -.1), .12)
    p.bar([(-.92, 1.62), (-.7, 1.6)], rgb("#8b5e3a"), .05)
    p.bar([(-1.2, .96), (-.4, .94)], rgb("#4b4f3f"), .035)


def looks(rnd):
    """The same four vehicles pass a home all day: colours by home, the
    scripted rider alike everywhere."""
    bikes = dict(body=rgb(rnd.choice(["#a8322f", "#2d4f86", "#33373c", "#7c8790"])),
                 jacket=rgb(rnd.choice(["#4a74a8", "#8d8f94", "#a2485a", "#c8b48a", "#6b5b8c"])),
                 trousers=rgb(rnd.choice(["#39424f", "#5b5144", "#2f3b46"])),
                 helmet=rgb(rnd.choice(["#e9e9e4", "#33548f", "#8e2f38", "#2d2f33"])))
    suspect = dict(body=rgb("#2a2d31"), jacket=rgb("#2f9a4a"), trousers=rgb("#3c3f49"),
                   helmet=rgb("#f5821f"), sack=rgb("#f4f1e6"))
    paint = rgb(rnd.choice(["#e7e8e6", "#b8bdc1", "#8e2b2b", "#2c4668", "#4b5157", "#c7b899"]))
    cab, cloth = rgb(rnd.choice(["#2f6f9f", "#3c7d5a", "#c9a227", "#d9dcd8"])), rgb(rnd.choice(["#5d7a5b", "#47698a", "#8d7b5a"]))
    return {  # kind: draw, half length in metres, speed in metres a second
        "motorbike": (lambda p, d: bike(p, d, bikes), 1.1, 7.0),
        "rider": (lambda p, d: bike(p, d, suspect), 1.4, 7.0),
        "car": (lambda p, d: car(p, d, paint), 2.3, 7.6),
        "truck": (lambda p, d: truck(p, d, cab, cloth), 3.8, 7.8),
    }
