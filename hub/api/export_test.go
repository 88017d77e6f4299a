package api

import camera "xulang.vn/camera"

// Rows, Words and Status let the tests hold the tables against their sources.
func Rows() map[string]bool {
	out := map[string]bool{}
	for operation, a := range rows {
		out[operation] = a != nobody
	}
	return out
}

func Words() map[camera.Code][2]string { return words }

func Status() map[camera.Code]int { return status }
