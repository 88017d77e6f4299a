package health_test

import (
	"strings"
	"testing"
	"testing/fstest"

	"xulang.vn/camera/agent/health"
)

func TestTemperature(t *testing.T) {
	const zone, monitor = "class/thermal/thermal_zone0/temp", "class/hwmon/hwmon1/temp2_input"
	for _, c := range []struct {
		name  string
		files map[string]string
		want  float64
		ok    bool
	}{
		{"no sensor", nil, 0, false},
		{"zone", map[string]string{zone: "48312\n"}, 48.312, true},
		{"monitor", map[string]string{monitor: "51000"}, 51, true},
		{"hottest of both", map[string]string{zone: "48312\n", monitor: "51000\n"}, 51, true},
		{"hottest, other order", map[string]string{zone: "58000\n", monitor: "51000\n"}, 58, true},
		{"frost", map[string]string{zone: "-12500\n"}, -12.5, true},
		{"absurd", map[string]string{zone: "-273150\n", monitor: "255000\n"}, 0, false},
		{"no number", map[string]string{zone: "warm\n", monitor: ""}, 0, false},
		{"long", map[string]string{zone: strings.Repeat("1", 4096)}, 0, false},
		{"other files", map[string]string{"class/thermal/cooling_device0/cur_state": "3", "class/hwmon/hwmon0/fan1_input": "900", "class/hwmon/hwmon0/temp1_crit": "99000"}, 0, false},
	} {
		sys := fstest.MapFS{}
		for name, text := range c.files {
			sys[name] = &fstest.MapFile{Data: []byte(text)}
		}
		if got, ok := health.TemperatureOf(sys); got != c.want || ok != c.ok {
			t.Errorf("%s: %v, %v; want %v, %v", c.name, got, ok, c.want, c.ok)
		}
	}
	if got, ok := health.Temperature(); ok && (got < -40 || got > 150) {
		t.Errorf("this machine: %v °C", got)
	}
}
