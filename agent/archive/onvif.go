package archive

import (
	"context"
	"time"

	camera "xulang.vn/camera"
)

// OnvifCalls are the device calls of Profile G that a recorder's past needs; token is
// Channel.Token. Times are the recorder's own clock.
type OnvifCalls interface {
	Clock(ctx context.Context) (ahead, bound time.Duration, err error)
	Recordings(ctx context.Context, token string, from, to time.Time) ([]camera.Interval, error)
	ReplayURI(ctx context.Context, token string) (string, error)
}

type onvif struct{ OnvifCalls }

// Onvif makes the source of a recorder that speaks ONVIF: replay by RTSP (ONVIF
// Streaming Specification, "Playback") with absolute times in the packets, and
// without a rate control of the recorder's.
func Onvif(calls OnvifCalls) Source { return onvif{calls} }

// Spans asks for the channel's recordings.
func (o onvif) Spans(ctx context.Context, ch Channel, from, to time.Time) ([]camera.Interval, error) {
	return o.Recordings(ctx, ch.Token, from, to)
}

// Ask plays a part of the channel's recording. The clock of Range is UTC (RFC 2326,
// 3.7).
func (o onvif) Ask(ctx context.Context, ch Channel, from, to time.Time) (Playback, error) {
	address, err := o.ReplayURI(ctx, ch.Token)
	if err != nil {
		return Playback{}, err
	}
	const form = "20060102T150405.000Z"
	return Playback{
		URL: address, Range: "clock=" + from.UTC().Format(form) + "-" + to.UTC().Format(form),
		Header: map[string]string{"Require": "onvif-replay", "Rate-Control": "no"},
	}, nil
}
