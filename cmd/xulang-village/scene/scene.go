// Package scene holds the drawn pictures of the demo village: for each home an
// idle loop and short clips of passing vehicles, encoded ahead of time by
// scripts/render-village. It needs no encoder and no decoder. The still of a home
// is its idle clip's first picture:
//
//	ffmpeg -i clips/home-07/idle.h264 -frames:v 1 -vf scale=640:-2 -q:v 6 stills/home-07.jpg
//
// All clips of a home share their parameter sets and consist of closed groups of
// [GOP] pictures without B-pictures, so they can follow each other in any order
// and a stream put together from them is one that an encoder could have made.
package scene

import (
	"bytes"
	"embed"
	"fmt"
	"io/fs"
	"path"
	"strings"
	"time"
)

// The picture's rate. An idle clip is one group long, a passing clip two; the
// vehicle is in the middle of the picture at half of its clip.
const (
	FPS         = 12
	GOP         = 24 // pictures
	GOPDuration = time.Second * GOP / FPS
)

// Kind says what passes.
type Kind string

// Kinds of which there are clips. Rider is the one of the scripted theft: orange
// helmet, green jacket, a large white sack behind.
const (
	Motorbike Kind = "motorbike"
	Car       Kind = "car"
	Truck     Kind = "truck"
	Rider     Kind = "rider"
)

// Kinds lists every kind.
func Kinds() []Kind { return []Kind{Motorbike, Car, Truck, Rider} }

// Direction is the way through the picture.
type Direction string

// Directions through the picture.
const (
	LTR Direction = "ltr"
	RTL Direction = "rtl"
)

// Codec of all clips of a home.
type Codec string

// Codecs in use.
const (
	H264 Codec = "h264"
	H265 Codec = "h265"
)

// AccessUnit is one picture: its NAL units in decoding order, without start codes.
type AccessUnit struct {
	NALUs [][]byte
	Key   bool // starts with the parameter sets and holds an IDR picture
}

// Clip is a whole number of groups of pictures.
type Clip []AccessUnit

// Home is one home's pictures. It is not changed after Load.
type Home struct {
	ID            string // "home-07"
	Codec         Codec
	VPS, SPS, PPS []byte // VPS only with H265
	Idle          Clip
	Still         []byte // the idle picture as a JPEG of 640×360, what a recorder gives as a snapshot

	passing map[string]Clip // by "kind-direction"
}

//go:embed clips
var clips embed.FS

//go:embed stills
var stills embed.FS

// yards are what a recorder's other channels show: no road, and nothing passes. Cut out
// of the homes' own pictures.
//
//go:embed yards
var yards embed.FS

// Yards is how many there are.
const Yards = 3

// Yard loads one of them, from 1. It has no passing clips.
func Yard(n int) (*Home, error) {
	id := fmt.Sprintf("yard-%d", n)
	h := &Home{ID: id}
	stream, err := yards.ReadFile(path.Join("yards", id+".h264"))
	if err != nil {
		return nil, fmt.Errorf("read yard: %w", err)
	}
	if err := h.add("idle", H264, stream); err != nil {
		return nil, fmt.Errorf("read clip of %s: %w", id, err)
	}
	if h.Still, err = yards.ReadFile(path.Join("yards", id+".jpg")); err != nil {
		return nil, fmt.Errorf("read still of %s: %w", id, err)
	}
	return h, nil
}

// IDs lists the homes in order.
func IDs() ([]string, error) {
	folders, err := clips.ReadDir("clips")
	if err != nil {
		return nil, fmt.Errorf("list homes: %w", err)
	}
	ids := make([]string, 0, len(folders))
	for _, f := range folders {
		ids = append(ids, f.Name())
	}
	return ids, nil
}

// Load reads a home's clips and checks that they can be spliced.
func Load(id string) (*Home, error) {
	folder := path.Join("clips", id)
	files, err := clips.ReadDir(folder)
	if err != nil {
		return nil, fmt.Errorf("read clips of %q: %w", id, err)
	}
	h := &Home{ID: id, passing: make(map[string]Clip, len(files))}
	for _, f := range files {
		name, codec, _ := strings.Cut(f.Name(), ".")
		data, err := fs.ReadFile(clips, path.Join(folder, f.Name()))
		if err != nil {
			return nil, fmt.Errorf("read clip: %w", err)
		}
		if err := h.add(name, Codec(codec), data); err != nil {
			return nil, fmt.Errorf("read clip %s of %s: %w", f.Name(), id, err)
		}
	}
	if h.Idle == nil {
		return nil, fmt.Errorf("read clips of %q: no idle clip", id)
	}
	if h.Still, err = stills.ReadFile(path.Join("stills", id+".jpg")); err != nil {
		return nil, fmt.Errorf("read still of %q: %w", id, err)
	}
	for _, kind := range Kinds() {
		for _, d := range []Direction{LTR, RTL} {
			if h.Clip(kind, d) == nil {
				return nil, fmt.Errorf("read clips of %q: no %s %s", id, kind, d)
			}
		}
	}
	return h, nil
}

// Clip gives the passing clip; nil for a kind or direction that does not exist.
func (h *Home) Clip(kind Kind, d Direction) Clip {
	return h.passing[string(kind)+"-"+string(d)]
}

func (h *Home) add(name string, codec Codec, stream []byte) error {
	clip, err := Split(codec, stream)
	if err != nil {
		return err
	}
	if len(clip) == 0 || len(clip)%GOP != 0 {
		return fmt.Errorf("%d pictures are no whole groups of %d", len(clip), GOP)
	}
	for i, unit := range clip {
		if unit.Key != (i%GOP == 0) {
			return fmt.Errorf("picture %d: key is %t", i, unit.Key)
		}
		if !unit.Key {
			continue
		}
		if err := h.sameParameters(codec, unit); err != nil {
			return fmt.Errorf("picture %d: %w", i, err)
		}
	}
	if name == "idle" {
		h.Idle = clip
	} else {
		h.passing[name] = clip
	}
	return nil
}

// sameParameters takes the parameter sets of the first clip and holds every
// other key picture to them.
func (h *Home) sameParameters(codec Codec, unit AccessUnit) error {
	var vps []byte
	sets := unit.NALUs
	if codec == H265 {
		vps, sets = sets[0], sets[1:]
	}
	if h.Codec == "" {
		h.Codec, h.VPS, h.SPS, h.PPS = codec, vps, sets[0], sets[1]
	}
	if codec != h.Codec || !bytes.Equal(vps, h.VPS) || !bytes.Equal(sets[0], h.SPS) || !bytes.Equal(sets[1], h.PPS) {
		return fmt.Errorf("parameter sets differ from the other clips")
	}
	return nil
}
