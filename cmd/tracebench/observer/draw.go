package observer

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"

	camera "xulang.vn/camera"
)

// draw is a number of [0, 1) that a text always gives, and the last byte of its hash.
func draw(text string) (number float64, last byte) {
	sum := sha256.Sum256([]byte(text))
	return float64(binary.BigEndian.Uint64(sum[:8])) / (1 << 64), sum[len(sum)-1]
}

// detected draws for a pass that was watched n times before.
func detected(task string, id camera.CameraID, pass, n int, probability float64) bool {
	number, _ := draw(fmt.Sprintf("%s|%s|%d|%d", task, id, pass, n))
	return number < probability
}

// mistaken draws for a clip in which nothing was seen, after so many clips of the task,
// and turns the camera's heading into the way of travel that is reported.
func mistaken(task string, id camera.CameraID, clips int, heading float64) (way float64, yes bool) {
	number, last := draw(fmt.Sprintf("false|%s|%s|%d", task, id, clips))
	if way = heading + 90; last%2 == 1 {
		way = heading - 90
	}
	return camera.NormalHeading(way), number < falseShare
}

// offline draws for a camera of a scenario.
func offline(name string, id camera.CameraID) bool {
	number, _ := draw(fmt.Sprintf("offline|%s|%s", name, id))
	return number < offlineShare
}
