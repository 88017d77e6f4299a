#!/usr/bin/python3
"""Renders the village's clips: drawn scenes, not footage.

  scripts/render-village/render.py                 all homes, about two minutes
  scripts/render-village/render.py --home 7 --still /tmp/still   PNGs to look at

Needs python3-cairo, ffmpeg with x264 and x265, and the Noto Sans font.
Each home gets an idle loop of one GOP and passes of two GOPs, all closed, with
the same parameter sets, so that clips can follow each other in any order.
"""

import argparse
import pathlib
import random
import subprocess
import sys

import cairo

import backdrop
import foreground
import vehicles
from ground import FPS, GOP_SECONDS, HEIGHT, WIDTH, Camera

HOMES = 18
H265 = {4, 9, 15}
GOP = FPS * GOP_SECONDS
PASS_FRAMES = 2 * GOP
SIDE_ROADS = {5: "Bản Mẫu 1", 11: "Bản Mẫu 2", 16: "Bản Mẫu 3"}  # all others stand at QL4A, as in configs/demo/homes.json
CLIPS = pathlib.Path(__file__).resolve().parents[2] / "cmd/xulang-village/scene/clips"
LIMIT = 11_000_000  # bytes of all clips


class Home:
    def __init__(self, number):
        self.number = number
        rnd = random.Random(f"xulang-{number}")
        light = ["clear", "golden", "hazy", "clear", "rain"][number % 5]
        yaw = rnd.uniform(0.12, 0.34) * (-1 if number % 2 else 1)
        self.cam = Camera(yaw, rnd.uniform(13.2, 15.0), rnd.uniform(126, 146))
        self.looks = vehicles.looks(rnd)
        self.yard = foreground.Yard(rnd, self.cam, backdrop.LIGHTS[light])
        self.behind = surface()
        backdrop.paint(cairo.Context(self.behind), rnd, self.cam, light, number in SIDE_ROADS)
        self.yard.below(cairo.Context(self.behind))
        self.before = surface()
        self.yard.still(cairo.Context(self.before))
        self.overlay = surface()
        overlay(cairo.Context(self.overlay), label(number))

    def frame(self, index, kind=None, direction=None):
        out = surface()
        ctx = cairo.Context(out)
        ctx.set_source_surface(self.behind)
        ctx.paint()
        if kind:
            self.vehicle(ctx, index, kind, direction)
        ctx.set_source_surface(self.before)
        ctx.paint()
        self.yard.sway(ctx, index % GOP / GOP)
        ctx.set_source_surface(self.overlay)
        ctx.paint()
        out.flush()
        return out

    def vehicle(self, ctx, index, kind, direction):
        """In the middle of its lane's visible stretch at half time."""
        draw, half, speed = self.looks[kind]
        low, high = self.cam.span(vehicles.LANE[direction])
        length = high - low + 2 * half + 2.5
        speed = max(speed, length / (PASS_FRAMES / FPS))  # the first and the last picture are empty
        along = (index + 0.5 - PASS_FRAMES / 2) / FPS * speed
        if abs(along) > length / 2:
            return
        sign = 1 if direction == "ltr" else -1
        draw(vehicles.Placed(ctx, self.cam, (low + high) / 2 + sign * along, direction), along)


def surface():
    return cairo.ImageSurface(cairo.FORMAT_ARGB32, WIDTH, HEIGHT)


def label(number):
    return f"Nhà {number:02d} · {SIDE_ROADS.get(number, 'QL4A')} (bản vẽ)"


def overlay(ctx, text):
    ctx.select_font_face("Noto Sans", cairo.FONT_SLANT_NORMAL, cairo.FONT_WEIGHT_BOLD)
    ctx.set_font_size(17)
    width = ctx.text_extents(text).x_advance
    ctx.rectangle(10, 10, width + 34, 28)
    ctx.set_source_rgba(0.06, 0.08, 0.1, 0.62)
    ctx.fill()
    ctx.arc(23, 24, 4.2, 0, 7)
    ctx.set_source_rgb(0.93, 0.33, 0.27)
    ctx.fill()
    ctx.move_to(34, 30)
    ctx.set_source_rgb(1, 1, 1)
    ctx.show_text(text)
    small = "CẢNH MÔ PHỎNG"
    ctx.set_font_size(10.5)
    width = ctx.text_extents(small).x_advance
    ctx.rectangle(WIDTH - width - 22, HEIGHT - 26, width + 12, 17)
    ctx.set_source_rgba(0.06, 0.08, 0.1, 0.5)
    ctx.fill()
    ctx.move_to(WIDTH - width - 16, HEIGHT - 13.5)
    ctx.set_source_rgba(1, 1, 1, 0.95)
    ctx.show_text(small)


def encoder(codec, crf):
    """No B-pictures, one reference, fixed GOPs, no SEI: nothing that would make
    parameter sets or the splice depend on a clip's content."""
    common = f"keyint={GOP}:min-keyint={GOP}:scenecut=0:bframes=0:open-gop=0:repeat-headers=1"
    if codec == "h265":
        return ["-c:v", "libx265", "-preset", "medium", "-crf", str(crf + 2), "-x265-params",
                common + ":ref=1:info=0:aud=0:pools=2:frame-threads=1:hrd=0:log-level=error",
                "-bsf:v", "filter_units=remove_types=39-40", "-f", "hevc"]
    return ["-c:v", "libx264", "-preset", "slow", "-profile:v", "high", "-crf", str(crf), "-x264-params",
            common + ":ref=1:weightp=0:threads=2:aud=0:aq-mode=1",
            "-bsf:v", "filter_units=remove_types=6", "-f", "h264"]


def encode(frames, path, codec, crf):
    command = ["ffmpeg", "-v", "error", "-y", "-f", "rawvideo", "-pix_fmt", "bgra", "-s", f"{WIDTH}x{HEIGHT}",
               "-r", str(FPS), "-i", "-", "-vf", "scale=out_color_matrix=bt709:out_range=tv,format=yuv420p",
               "-color_primaries", "bt709", "-color_trc", "bt709", "-colorspace", "bt709",
               *encoder(codec, crf), str(path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE) as process:
        for frame in frames:
            process.stdin.write(bytes(frame.get_data()))
        process.stdin.close()
    if process.returncode:
        sys.exit(f"encode {path}: ffmpeg ended with {process.returncode}")


def check(path, want):
    """Decodes a clip and counts its pictures; any decoder complaint is fatal."""
    done = subprocess.run(["ffmpeg", "-v", "warning", "-i", str(path), "-f", "framemd5", "-"],
                          capture_output=True, text=True, check=True)
    pictures = sum(1 for row in done.stdout.splitlines() if not row.startswith("#"))
    if pictures != want or done.stderr.strip():
        sys.exit(f"check {path}: {pictures} pictures, want {want}. {done.stderr}")


def clips_of(home):
    yield "idle", (home.frame(i) for i in range(GOP))
    for kind in ("motorbike", "car", "truck", "rider"):
        for direction in ("ltr", "rtl"):
            yield f"{kind}-{direction}", (home.frame(i, kind, direction) for i in range(PASS_FRAMES))


def render(number, crf):
    home, codec = Home(number), "h265" if number in H265 else "h264"
    folder = CLIPS / f"home-{number:02d}"
    folder.mkdir(parents=True, exist_ok=True)
    for name, frames in clips_of(home):
        path = folder / f"{name}.{codec}"
        encode(frames, path, codec, crf)
        check(path, GOP if name == "idle" else PASS_FRAMES)
    return sum(p.stat().st_size for p in folder.iterdir())


def stills(number, folder):
    home, folder = Home(number), pathlib.Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    for kind, direction, at in (("rider", "ltr", 0.5), ("rider", "rtl", 0.55), ("car", "ltr", 0.42), ("truck", "rtl", 0.5),
                                ("motorbike", "ltr", 0.6), ("car", "rtl", 0.6), ("truck", "ltr", 0.45)):
        home.frame(int(PASS_FRAMES * at), kind, direction).write_to_png(str(folder / f"{number:02d}-{kind}-{direction}.png"))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--home", type=int, action="append", help="only this home")
    parser.add_argument("--still", metavar="FOLDER", help="write PNGs instead of clips")
    parser.add_argument("--crf", type=int, default=26)
    args = parser.parse_args()
    for number in args.home or range(1, HOMES + 1):
        if args.still:
            stills(number, args.still)
            continue
        print(f"home-{number:02d}: {render(number, args.crf)} bytes", flush=True)
    total = sum(p.stat().st_size for p in CLIPS.rglob("*.h26?"))
    print(f"all clips: {total} bytes")
    if total > LIMIT:
        sys.exit(f"more than {LIMIT} bytes: raise --crf")


if __name__ == "__main__":
    main()
