package index_test

import (
	camera "xulang.vn/camera"
	"xulang.vn/camera/hub/index"
)

// script is what happens to a database, whatever the cameras do: times are Unix ms.
type script struct {
	ticks   []tick
	islands []int64 // near which the cameras' facts lie, so that they meet
}

// tick is a moment of the hub's clock.
type tick struct {
	now     int64
	expire  bool // something may expire, after a fold
	fold    folding
	windows [][2]int64 // in which the cameras are asked for; each camera in one of them
}

// folding says whether hours are folded at the end of a tick, and how that goes.
type folding int

const (
	noFold     folding = iota
	fold               // while others ask
	foldFails          // the bucket is away, or an answer gets lost
	foldReopen         // and the hub starts anew after it
)

// event is something that happens to one camera; exactly one of its parts is set.
type event struct {
	tick      int
	segment   *camera.Segment
	gap       *camera.Gap
	move      *index.Change
	request   *[2]int64
	unrequest *[2]int64
	keep      []camera.Want // of unrequest
	past      *[][2]int64
	expire    *expiry
	ask       *question
}

// act is what a camera's box announces in one tick.
type act struct {
	segments []camera.Segment
	gaps     []camera.Gap
}

type expiry struct {
	before int64
	held   [][2]int64
}

// question asks for a window, with what the registry would know besides.
type question struct {
	window [2]int64
	known  index.Known
}

// history is what happens to one camera, by tick.
type history struct {
	camera camera.CameraID
	events []event
}
