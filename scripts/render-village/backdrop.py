"""Everything behind the traffic: sky, karst hills, fields, the road itself."""

import math

import cairo

from ground import HALF_ROAD, HEIGHT, WIDTH, ellipse, fill, gradient, line, mix, rgb, rounded, shade

LIGHTS = {  # sky top, sky low, haze, far hill, near hill, field, sun strength
    "clear": ("#5f9fd0", "#dcecf0", "#cfe2e6", "#8fb0b8", "#4f7f63", "#9dbb5a", 0.25),
    "hazy": ("#93b3c4", "#eceade", "#dfe3dc", "#a9bab4", "#66876c", "#b3bb69", 0.15),
    "golden": ("#6f9cc0", "#f8dfb2", "#efd9b4", "#a9a99a", "#5f7d55", "#c9b653", 0.55),
    "rain": ("#7f95a3", "#d5dbda", "#c5d0cf", "#8da19f", "#4c7060", "#86a557", 0.0),
}


def towers(rnd, count, low, high):
    """Steep rounded limestone towers: centre, half width, height."""
    out = []
    for i in range(count):
        height = rnd.uniform(low, high)
        out.append(((i + rnd.uniform(0.1, 0.9)) * WIDTH / count, height * rnd.uniform(0.5, 0.85) + 12, height))
    return out


def ridge(rnd, hills, base):
    waves = [(rnd.uniform(0.02, 0.16), rnd.uniform(0, 6.3), rnd.uniform(0.4, 1.6)) for _ in range(5)]
    points = []
    for x in range(-4, WIDTH + 6, 2):
        top = 0.0
        for centre, half, height in hills:
            d = abs(x - centre) / half
            if d < 1:
                top = max(top, height * (1 - d ** 2.3) ** 0.8)
        wobble = sum(a * math.sin(x * w + p) for w, p, a in waves) * min(1, top / 30)
        points.append((x, base - top - wobble - 3))
    return points


def hill_layer(ctx, rnd, hills, base, color, haze, sun):
    outline = ridge(rnd, hills, base)
    ctx.save()
    ctx.new_path()
    for x, y in outline:
        ctx.line_to(x, y)
    ctx.line_to(WIDTH + 6, base + 40)
    ctx.line_to(-6, base + 40)
    ctx.close_path()
    top = min(y for _, y in outline)
    ctx.set_source(gradient(top, base + 4, (0, color), (0.55, mix(color, haze, 0.3)), (1, mix(color, haze, 0.9))))
    ctx.fill_preserve()
    ctx.clip()
    for centre, half, height in hills:
        # the shaded flank, and pale cliffs where the rock is too steep for trees
        ctx.set_source(side(centre, half, shade(color, -0.35)))
        ctx.rectangle(centre, base - height - 12, half, height + 30)
        ctx.fill()
        for _ in range(int(height / 14) + 1):
            x = centre + rnd.uniform(-0.7, 0.15) * half
            y = base - height * rnd.uniform(0.42, 0.72)
            w, h = rnd.uniform(1.5, 4.5), height * rnd.uniform(0.1, 0.24)
            cliff = rounded([(x, y), (x + w, y - h * 0.25), (x + w * 1.7, y + h * 0.5), (x + w * 0.7, y + h), (x - w * 0.5, y + h * 0.6)])
            fill(ctx, cliff, (*mix(mix(color, haze, 0.5), (1, 0.97, 0.9), 0.2 + 0.3 * sun), 0.4))
    ctx.restore()


def side(centre, half, color):
    g = cairo.LinearGradient(centre, 0, centre + half, 0)
    g.add_color_stop_rgba(0, *color, 0)
    g.add_color_stop_rgba(0.6, *color, 0.4)
    g.add_color_stop_rgba(1, *color, 0)
    return g


def cloud(ctx, rnd, x, y, size, color):
    for _ in range(9):
        dx, r = rnd.uniform(-1, 1) * size, rnd.uniform(0.18, 0.42) * size
        cx, cy = x + dx, y - (1 - abs(dx) / size) * size * 0.16
        g = cairo.RadialGradient(cx, cy, 0, cx, cy, r)
        g.add_color_stop_rgba(0, *color, 0.5)
        g.add_color_stop_rgba(1, *color, 0)
        ctx.set_source(g)
        ctx.save()
        ctx.translate(0, cy * 0.45)
        ctx.scale(1, 0.55)
        ctx.arc(cx, cy, r, 0, 7)
        ctx.restore()
        ctx.fill()


def sky(ctx, rnd, cam, light):
    top, low, haze, far, near, _, sun = light
    ctx.set_source(gradient(0, cam.horizon, (0, rgb(top)), (1, rgb(low))))
    ctx.paint()
    if sun > 0.1:
        x, y = rnd.uniform(0.3, 0.9) * WIDTH, cam.horizon * 0.4
        g = cairo.RadialGradient(x, y, 0, x, y, 230)
        g.add_color_stop_rgba(0, 1, 0.95, 0.8, 0.75 * sun + 0.15)
        g.add_color_stop_rgba(1, 1, 0.95, 0.8, 0)
        ctx.set_source(g)
        ctx.paint()
    for _ in range(rnd.randint(2, 4)):
        cloud(ctx, rnd, rnd.uniform(0, WIDTH), rnd.uniform(18, 62), rnd.uniform(45, 100), (1, 1, 0.99))
    base = cam.horizon
    hill_layer(ctx, rnd, towers(rnd, rnd.randint(6, 9), 38, 88), base - 4, mix(rgb(far), rgb(haze), 0.45), rgb(haze), sun)
    hill_layer(ctx, rnd, towers(rnd, rnd.randint(4, 6), 26, 92), base - 1, mix(rgb(far), rgb(near), 0.4), rgb(haze), sun)
    hill_layer(ctx, rnd, towers(rnd, rnd.randint(3, 5), 10, 50), base + 3, rgb(near), rgb(haze), sun)


def fields(ctx, rnd, cam, light):
    green, haze = rgb(light[5]), rgb(light[2])
    ctx.set_source(gradient(cam.horizon, cam.horizon + 110, (0, mix(green, haze, 0.55)), (0.5, green), (1, shade(green, -0.15))))
    ctx.rectangle(0, cam.horizon, WIDTH, HEIGHT)
    ctx.fill()
    o = 60.0
    while o > 7:  # paddies, told apart by their green and by the banks between
        tone = shade(mix(green, rgb("#d8c25a"), rnd.uniform(0, 0.45)), rnd.uniform(-0.12, 0.1))
        near = o * rnd.uniform(0.72, 0.86)
        s = -90.0 + rnd.uniform(0, 12)
        while s < 90:
            e = s + rnd.uniform(8, 30)
            quad = [cam.point(s, o), cam.point(e, o), cam.point(e, near), cam.point(s, near)]
            if min(cam.depth(s, near), cam.depth(e, near)) > 3:
                fill(ctx, quad, (*shade(tone, rnd.uniform(-0.07, 0.07)), 0.75))
                line(ctx, quad[2:], (*shade(green, -0.3), 0.35), 1)
            s = e
        o = near


def tree(ctx, rnd, x, y, size, color):
    line(ctx, [(x, y), (x + size * 0.03, y - size * 0.55)], (*rgb("#5c4a38"), 1), max(1, size * 0.07))
    for tone, shift in ((-0.28, 0.1), (-0.08, 0.0), (0.14, -0.1)):
        for _ in range(9):
            r = size * rnd.uniform(0.13, 0.22)
            cx = x + size * (rnd.uniform(-0.3, 0.3) + shift * 0.7)
            cy = y - size * (0.72 + rnd.uniform(-0.2, 0.2) - shift * 0.8)
            fill(ctx, ellipse(cx, cy, r * 1.15, r, 18), (*shade(color, tone), 0.85))


def farmhouse(ctx, rnd, cam, s, o):
    """A house of the far side: ochre wall, brown yin-yang tiles."""
    k = cam.scale(s, o)
    x, y = cam.point(s, o)
    w, h = 7.5 * k, 2.6 * k
    wall = rgb(rnd.choice(["#d9bd86", "#e3d6bb", "#c9a774", "#d7cdb9"]))
    roof = rgb(rnd.choice(["#7a4a38", "#6a5248", "#87503a"]))
    fill(ctx, [(x, y), (x + w, y), (x + w, y - h), (x, y - h)], (*wall, 1))
    fill(ctx, [(x, y - h), (x + w, y - h), (x + w, y - h * 0.72), (x, y - h * 0.72)], (*shade(wall, -0.3), 0.6))
    fill(ctx, [(x - w * 0.06, y - h * 0.96), (x + w * 1.06, y - h * 0.96), (x + w * 0.9, y - h * 1.75), (x + w * 0.1, y - h * 1.75)], (*roof, 1))
    for i in range(1, 5):
        yy = y - h * (0.96 + 0.79 * i / 5)
        inset = w * (-0.06 + 0.16 * i / 5)
        line(ctx, [(x + inset, yy), (x + w - inset, yy)], (*shade(roof, -0.25), 0.5), 0.8)
    for at, color in ((0.14, "#5b7d88"), (0.42, "#6b4530"), (0.72, "#5b7d88")):
        tall = 0.66 if color == "#6b4530" else 0.34
        fill(ctx, [(x + w * at, y - h * 0.66), (x + w * (at + 0.14), y - h * 0.66),
                   (x + w * (at + 0.14), y - h * (0.66 - tall)), (x + w * at, y - h * (0.66 - tall))], (*rgb(color), 1))


def strip(ctx, cam, o0, o1, color, s0=-70.0, s1=70.0):
    ends = [(s, o) for s, o in ((s0, o0), (s1, o0), (s1, o1), (s0, o1))]
    fill(ctx, [cam.point(*clip(cam, s, o)) for s, o in ends], color)


def clip(cam, s, o):
    """Pulls a far end of the road to a place in front of the camera."""
    while cam.depth(s, o) < 1.5:
        s -= math.copysign(0.5, s)
    return s, o


def road(ctx, rnd, cam, light, lane):
    """A national road with its marks, or a village lane of bare concrete."""
    green = rgb(light[5])
    asphalt = rgb(rnd.choice(["#6f7173", "#77756f", "#686c71"]))
    if lane:
        asphalt = rgb("#a39f94")
    strip(ctx, cam, HALF_ROAD + 0.4, HALF_ROAD + 3.2, (*shade(mix(green, rgb("#8a9a58"), 0.5), -0.1), 1))
    strip(ctx, cam, HALF_ROAD - 0.1, HALF_ROAD + 0.9, (*rgb("#b3a68c"), 1))
    strip(ctx, cam, -HALF_ROAD - 1.6, -HALF_ROAD + 0.1, (*rgb("#b8aa8e"), 1))
    strip(ctx, cam, -HALF_ROAD, HALF_ROAD, (*asphalt, 1))
    for rut in (-2.5, -1.0, 1.0, 2.5):  # where tyres have polished the asphalt
        strip(ctx, cam, rut - 0.3, rut + 0.3, (*shade(asphalt, -0.12), 0.45))
    for _ in range(7):  # patches
        s, o, w = rnd.uniform(-12, 12), rnd.uniform(-3, 2.4), rnd.uniform(0.5, 2)
        strip(ctx, cam, o, o + 0.7, (*shade(asphalt, rnd.choice([-0.1, 0.08])), 0.5), s, s + w)
    if lane:
        joints(ctx, cam, asphalt)
        return
    for o in (-HALF_ROAD + 0.25, HALF_ROAD - 0.25):
        strip(ctx, cam, o - 0.06, o + 0.06, (*rgb("#e8e6dc"), 0.85))
    s = -60.0 + rnd.uniform(0, 5)
    while s < 60:
        if cam.depth(s, 0) > 2 and cam.depth(s + 2, 0) > 2:
            strip(ctx, cam, -0.07, 0.07, (*rgb("#efe6c4"), 0.9), s, s + 2.0)
        s += 5.0


def joints(ctx, cam, concrete):
    """The seams between slabs."""
    strip(ctx, cam, -0.03, 0.03, (*shade(concrete, -0.35), 0.7))
    for s in range(-60, 60, 4):
        if cam.depth(s, -HALF_ROAD) > 2 and cam.depth(s, HALF_ROAD) > 2:
            line(ctx, [cam.point(s, -HALF_ROAD), cam.point(s, HALF_ROAD)], (*shade(concrete, -0.35), 0.6), 1)


def far_shoulder(ctx, rnd, cam, lane):
    posts = rnd.random() < 0.6 and not lane
    if posts:  # red-topped marker posts of a national road
        for i in range(-14, 14):
            s, o = i * 3.2, HALF_ROAD + 0.75
            if cam.depth(s, o) < 4:
                continue
            k, (x, y) = cam.scale(s, o), cam.point(s, o)
            w = 0.17 * k
            fill(ctx, [(x, y), (x + w, y), (x + w, y - 0.62 * k), (x, y - 0.62 * k)], (*rgb("#ece9df"), 1))
            fill(ctx, [(x, y - 0.45 * k), (x + w, y - 0.45 * k), (x + w, y - 0.62 * k), (x, y - 0.62 * k)], (*rgb("#b5382f"), 1))
    o, step = HALF_ROAD + 2.2, 24.0
    start = rnd.uniform(-8, 8)
    tops = []
    for i in range(-3, 4):
        s = start + i * step
        if cam.depth(s, o) < 4:
            continue
        k, (x, y), top = cam.scale(s, o), cam.point(s, o), cam.point(s, o, 6.6)
        fill(ctx, [(x - 0.13 * k, y), (x + 0.13 * k, y), (top[0] + 0.08 * k, top[1]), (top[0] - 0.08 * k, top[1])], (*rgb("#9a9a92"), 1))
        line(ctx, [(top[0] - 0.8 * k, top[1] + 0.35 * k), (top[0] + 0.8 * k, top[1] + 0.35 * k)], (*rgb("#77776f"), 1), max(1, 0.09 * k))
        tops.append((top[0], top[1] + 0.35 * k, 0.7 * k))
    for (x0, y0, w0), (x1, y1, w1) in zip(tops, tops[1:]):
        for d in (-1, 0, 1):
            ctx.move_to(x0 + d * w0, y0)
            mid = ((x0 + x1) / 2, (y0 + y1) / 2 + abs(x1 - x0) * 0.05)
            ctx.curve_to(mix((x0, y0), mid, 0.6)[0], mid[1], mix((x1, y1), mid, 0.6)[0], mid[1], x1 + d * w1, y1)
            ctx.set_source_rgba(0.2, 0.22, 0.25, 0.6)
            ctx.set_line_width(0.8)
            ctx.stroke()


def paint(ctx, rnd, cam, light_name, lane):
    light = LIGHTS[light_name]
    sky(ctx, rnd, cam, light)
    fields(ctx, rnd, cam, light)
    leaf = mix(rgb(light[4]), rgb("#5f9440"), 0.55)
    for _ in range(rnd.randint(16, 26)):
        s, o = rnd.uniform(-60, 60), rnd.uniform(45, 110)
        if cam.depth(s, o) > 20:
            tree(ctx, rnd, *cam.point(s, o), 5.5 * cam.scale(s, o) * rnd.uniform(0.7, 1.3), mix(leaf, rgb(light[2]), 0.35))
    if rnd.random() < 0.75:
        farmhouse(ctx, rnd, cam, rnd.uniform(-14, 8), rnd.uniform(17, 28))
    for _ in range(rnd.randint(2, 5)):
        s, o = rnd.uniform(-24, 24), rnd.uniform(9, 22)
        if cam.depth(s, o) > 9:
            tree(ctx, rnd, *cam.point(s, o), 5.0 * cam.scale(s, o) * rnd.uniform(0.7, 1.15), leaf)
    road(ctx, rnd, cam, light, lane)
    far_shoulder(ctx, rnd, cam, lane)
