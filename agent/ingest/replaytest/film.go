// Package replaytest is a recorder's playback for tests: a small RTSP server, written
// from RFC 2326 and the ONVIF Streaming Specification ("Playback"), that waits for
// its reader as real ones do. It stands for real recorders, which were not at hand.
package replaytest

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"os/exec"
	"strconv"
	"time"
)

// The film's measures: a key frame each two seconds, on even seconds of the clock.
const (
	Frame = 100 * time.Millisecond
	GOP   = 2 * time.Second

	gopFrames = int64(GOP / Frame)
)

// stamp marks what stands in each frame as a message for nobody
// (user_data_unregistered, ISO/IEC 14496-10, D.1.7).
var stamp = []byte("xulang test film")

// Film is a group of coded pictures that repeats for ever; each says at which time
// by the recorder's clock it was taken.
type Film struct {
	pictures [][][]byte // access units without parameter sets
	sps, pps []byte
}

// Shoot makes a film with ffmpeg.
func Shoot() (*Film, error) {
	out, err := exec.Command("ffmpeg", "-v", "error", "-f", "lavfi", "-i", "testsrc2=size=160x96:rate=10:duration=2",
		"-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p",
		"-x264-params", "aud=1:keyint=20:min-keyint=20:scenecut=0:bframes=0:slices=1", "-f", "h264", "-").Output()
	if err != nil {
		return nil, fmt.Errorf("make film (scripts/need ffmpeg installs the program): %w", err)
	}
	f := &Film{}
	for nalu := range bytes.SplitSeq(out, []byte{0, 0, 1}) {
		nalu = bytes.TrimRight(nalu, "\x00")
		if len(nalu) == 0 {
			continue
		}
		switch nalu[0] & 0x1f {
		case 9:
			f.pictures = append(f.pictures, nil)
		case 7:
			f.sps = nalu
		case 8:
			f.pps = nalu
		case 1, 5:
			f.pictures[len(f.pictures)-1] = append(f.pictures[len(f.pictures)-1], nalu)
		}
	}
	if int64(len(f.pictures)) != gopFrames || f.sps == nil || f.pps == nil {
		return nil, fmt.Errorf("make film: %d pictures", len(f.pictures))
	}
	return f, nil
}

// picture is the access unit of a time, a whole number of frames since 1970.
func (f *Film) picture(at time.Time) (nalus [][]byte) {
	n := at.UnixMilli() / Frame.Milliseconds()
	if n%gopFrames == 0 {
		nalus = append(nalus, f.sps, f.pps)
	}
	message := append([]byte{6, 5, byte(len(stamp) + 16)}, fmt.Sprintf("%s%016d", stamp, at.UnixMilli())...)
	return append(append(nalus, append(message, 0x80)), f.pictures[n%gopFrames]...)
}

func (f *Film) sdp() string {
	sets := base64.StdEncoding.EncodeToString(f.sps) + "," + base64.StdEncoding.EncodeToString(f.pps)
	return "v=0\r\no=- 0 0 IN IP4 127.0.0.1\r\ns=playback\r\nt=0 0\r\nm=video 0 RTP/AVP 96\r\na=rtpmap:96 H264/90000\r\n" +
		"a=fmtp:96 packetization-mode=1;sprop-parameter-sets=" + sets + "\r\na=control:trackID=1\r\n"
}

// Taken finds the times at which the pictures in a file were taken, by the
// recorder's clock.
func Taken(data []byte) (times []time.Time) {
	for {
		at := bytes.Index(data, stamp)
		if at < 0 || len(data) < at+len(stamp)+16 {
			return times
		}
		data = data[at+len(stamp):]
		if ms, err := strconv.ParseInt(string(data[:16]), 10, 64); err == nil {
			times = append(times, time.UnixMilli(ms).UTC())
		}
	}
}
