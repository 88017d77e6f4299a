package onvif

import (
	"net/netip"
	"time"
)

// What the fuzz tests and tables reach.
var (
	Pairs     = pairs
	IsDefault = isDefault
	KindOf    = kindOf
)

func Matches(data []byte, from netip.Addr, asked []string) []netip.AddrPort {
	var out []netip.AddrPort
	for _, h := range matches(data, from, asked) {
		out = append(out, h.at)
	}
	return out
}

func Decode(data []byte) error {
	var any struct{}
	return decode(data, &any)
}

func Judge(status int, body []byte) (refused, locked bool, err error) {
	_, no, err := judge(answer{status: status, body: body})
	return no != nil, no != nil && no.lock.locked, err
}

func ISAPIClock(local, tz string, now time.Time) (time.Duration, error) {
	r, err := isapiClock(local, tz, now)
	if err != nil {
		return 0, err
	}
	ahead, _ := r.against(now, now)
	return ahead, nil
}

func DahuaClock(text string, now time.Time) (time.Duration, error) {
	r, err := dahuaClock(text)
	if err != nil {
		return 0, err
	}
	ahead, _ := r.against(now, now)
	return ahead, nil
}

func Rewrite(host netip.Addr, port int, raw string, schemes ...string) (string, error) {
	return (&web{host: host, port: port}).rewrite(raw, schemes...)
}
