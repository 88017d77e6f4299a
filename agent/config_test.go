package agent_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"xulang.vn/camera/agent"
)

func write(t *testing.T, text string, mode os.FileMode) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "agent.yml")
	if err := os.WriteFile(file, []byte(text), mode); err != nil {
		t.Fatal(err)
	}
	return file
}

// TestExample: configs/agent.yml is read strictly and gives the defaults.
func TestExample(t *testing.T) {
	text, err := os.ReadFile("../configs/agent.yml")
	if err != nil {
		t.Fatal(err)
	}
	cfg, err := agent.ReadConfig(write(t, string(text), 0o600))
	if err != nil {
		t.Fatal(err)
	}
	want := agent.Default()
	if cfg.Spool != want.Spool || cfg.Data != want.Data || cfg.Name != want.Name || len(cfg.Cameras) != 1 {
		t.Errorf("configs/agent.yml gives %+v", cfg)
	}
}

func TestConfigThatOthersMayReadIsRefused(t *testing.T) {
	_, err := agent.ReadConfig(write(t, "hub: https://hub.example\n", 0o644))
	if err == nil || !strings.Contains(err.Error(), "chmod 600") {
		t.Errorf("%v", err)
	}
}

func TestBadConfigs(t *testing.T) {
	const view = "view: {position: {lon: 106.7, lat: 21.9}, heading: 1, fov: 90, range: 50}, consent: {level: clip}"
	const secret = "hunter2-secret"
	cam := func(more string) string {
		return "hub: https://hub.example\ncameras: [{serial: A, " + more + "}]\n"
	}
	for text, want := range map[string]string{
		"hub: ftp://hub.example":                                                                  "http",
		"hub: https://h.example\nx: 1":                                                            "field x",
		"hub: https://h.example\nnetworks: [10.0.0.0]":                                            "10.0.0.0",
		cam("url: \"rtsp://u:" + secret + "@10.0.0.1/x\", " + view):                               "username and password",
		cam("url: \"rtsp://u:" + secret + "@10.0.0.1:port/%zz\", " + view):                        "url cannot be read",
		cam("url: \"rtsp://10.0.0.1/x#1\", " + view):                                              "%23",
		cam("url: \"rtsp://:554/x\", " + view):                                                    "rtsp",
		"hub: https://u:" + secret + "@hub.example":                                               "host",
		"hub: \"https://u:" + secret + "@hub.example:port/\"":                                     "cannot be read",
		"hub: https://hub.example/?token=" + secret:                                               "host",
		cam("url: http://10.0.0.1/x, " + view):                                                    "rtsp",
		cam("url: rtsp://10.0.0.1/x, consent: {level: everything}"):                               "consent",
		cam("url: rtsp://10.0.0.1/x, consent: {level: clip}"):                                     "field of view",
		cam("url: rtsp://10.0.0.1/x, " + view + "}, {serial: A, url: rtsp://10.0.0.1/y, " + view): "twice",
	} {
		_, err := agent.ReadConfig(write(t, text, 0o600))
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", text, err, want)
		} else if strings.Contains(err.Error(), secret) {
			t.Errorf("the error repeats a password: %v", err)
		}
	}
}
