package agent

import (
	"testing"

	"xulang.vn/camera/agent/ingest"
	"xulang.vn/camera/agent/lan"
)

// TestOneDeviceTwoTries whichever of its channels, and whether over RTSP or HTTP.
func TestOneDeviceTwoTries(t *testing.T) {
	guard := lan.New(lan.Config{Loopback: true})
	all := tries{guard: guard}
	gate := Camera{URL: "rtsp://192.168.1.9:554/1", Username: "admin", Password: "old", login: "192.168.1.9:80"}
	yard, fresh := gate, gate
	yard.URL = "rtsp://192.168.1.9:554/2"
	fresh.Password = "new"
	try := func(cam Camera, v ingest.Verdict) bool {
		done, ok := all.of(cam)(nil)
		if ok {
			done(v)
		}
		return ok
	}
	guard.Refused("192.168.1.9:80", "admin", "old") // over HTTP
	if !try(gate, ingest.Unknown) || !try(yard, ingest.Refused) || try(gate, ingest.Refused) || try(yard, ingest.Refused) {
		t.Error("not two tries of the device")
	}
	if !try(fresh, ingest.Taken) {
		t.Error("another password is not tried")
	}
	alone := Camera{URL: gate.URL, Username: "admin", Password: "old"}
	if !try(alone, ingest.Refused) || !try(alone, ingest.Taken) || !try(alone, ingest.Refused) || !try(alone, ingest.Refused) || try(alone, ingest.Refused) {
		t.Error("a camera without a recorder is not counted by its own address")
	}
	done, ok := all.of(fresh)(nil)
	over := make(chan struct{})
	close(over)
	if _, two := all.of(fresh)(over); !ok || two {
		t.Error("two try at once")
	}
	done(ingest.Unknown)
}
