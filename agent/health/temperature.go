package health

import (
	"io"
	"io/fs"
	"os"
	"strconv"
	"strings"
)

// Limits of what is read of /sys, and what a sensor can mean.
const (
	sensorsMost  = 64
	sensorColder = -40.0 // °C; drivers give absurd values for sensors that are not there
	sensorHotter = 150.0
)

// Temperature is that of the machine's hottest sensor: a thermal zone, or an input
// of a hardware monitor. Both tell thousandths of a degree Celsius.
func Temperature() (celsius float64, ok bool) { return temperature(os.DirFS("/sys")) }

func temperature(sys fs.FS) (celsius float64, ok bool) {
	seen := 0
	for _, pattern := range []string{"class/thermal/thermal_zone*/temp", "class/hwmon/hwmon*/temp*_input"} {
		files, err := fs.Glob(sys, pattern)
		if err != nil {
			continue // the pattern is ours and is well-formed
		}
		for _, name := range files {
			if seen++; seen > sensorsMost {
				return celsius, ok
			}
			if t, good := sensor(sys, name); good && (!ok || t > celsius) {
				celsius, ok = t, true
			}
		}
	}
	return celsius, ok
}

// sensor reads one sensor. One that sleeps or is broken answers with an error.
func sensor(sys fs.FS, name string) (celsius float64, ok bool) {
	f, err := sys.Open(name)
	if err != nil {
		return 0, false
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, 32))
	if err != nil {
		return 0, false
	}
	milli, err := strconv.ParseInt(strings.TrimSpace(string(text)), 10, 64)
	celsius = float64(milli) / 1000
	return celsius, err == nil && celsius > sensorColder && celsius < sensorHotter
}
