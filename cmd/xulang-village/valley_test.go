package main

import "testing"

// TestChosenHomesKeepTheirCameras: the serial is the camera's identity at the hub.
func TestChosenHomesKeepTheirCameras(t *testing.T) {
	serials := map[string]string{}
	for _, only := range []string{"", "home-05,home-04"} {
		valley, err := loadValley(t.Context(), only)
		if err != nil {
			t.Fatal(err)
		}
		v := &village{valley: valley}
		for _, h := range v.homes {
			cam := v.config(h).Cameras[0]
			if had, ok := serials[h.ID]; ok && had != cam.Serial+cam.Password {
				t.Errorf("%s has another camera when it is chosen: %s", h.ID, cam.Serial)
			}
			serials[h.ID] = cam.Serial + cam.Password
		}
	}
}
