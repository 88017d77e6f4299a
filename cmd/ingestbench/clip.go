package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"

	"xulang.vn/camera/cmd/ingestbench/source"
)

// The clip: 1080p25 H.264 at 4 Mbit/s with a key picture every 2 s, as cameras
// send it. Noise fills the rate; without it a test picture takes a tenth.
const (
	clipName    = "h264-1080p25-4m-1.h264" // another number when the recipe changes
	clipRate    = 4_000_000                // bits per second
	clipKeys    = 2 * source.FPS           // pictures
	clipSeconds = "20"
)

// makeClip gives the clip's file and makes it the first time.
func makeClip(ctx context.Context, dir string) (string, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return "", fmt.Errorf("make clip: %w", err)
	}
	file := filepath.Join(dir, clipName)
	if _, err := os.Stat(file); err != nil {
		progress("making the clip, once: 20 s of 1080p")
		cmd := exec.CommandContext(ctx, "ffmpeg", "-hide_banner", "-loglevel", "error", "-nostdin", "-y",
			"-f", "lavfi", "-i", "testsrc2=size=1920x1080:rate=25,noise=alls=14:allf=t", "-t", clipSeconds,
			"-c:v", "libx264", "-preset", "veryfast", "-profile:v", "high", "-pix_fmt", "yuv420p", "-bf", "0",
			"-b:v", "4M", "-minrate", "4M", "-maxrate", "4M", "-bufsize", "4M",
			"-x264-params", "keyint=50:min-keyint=50:scenecut=0:repeat-headers=1:slices=1", "-f", "h264", file+".new")
		cmd.Stderr = os.Stderr
		if err := cmd.Run(); err != nil {
			return "", fmt.Errorf("make clip: ffmpeg: %w", err)
		}
		if err := os.Rename(file+".new", file); err != nil {
			return "", fmt.Errorf("make clip: %w", err)
		}
	}
	clip, err := source.Load(file)
	if err != nil {
		return "", err
	}
	if rate := clip.Rate(); rate < clipRate*95/100 || rate > clipRate*105/100 || clip.KeyEvery() != clipKeys {
		return "", fmt.Errorf("make clip: %s has %d bit/s and a key picture every %d pictures; remove it and try another ffmpeg", clipName, rate, clip.KeyEvery())
	}
	return file, nil
}
