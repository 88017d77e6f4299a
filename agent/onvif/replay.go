package onvif

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	camera "xulang.vn/camera"
)

// replay asks a recorder for its past: Profile G, that is the Recording Search and
// Replay Control Service Specifications.
type replay struct {
	o   *onvifDevice
	web *web
}

// Limits of one search.
const (
	mostRecordings = 256
	mostEvents     = 5000
	mostPages      = 60
)

// recording is a RecordingInformation (schema onvif.xsd).
type recording struct {
	Token    string `xml:"RecordingToken"`
	SourceID string `xml:"Source>SourceId"`
	Name     string `xml:"Source>Name"`
	Earliest string `xml:"EarliestRecording"`
	Latest   string `xml:"LatestRecording"`
	Tracks   []struct {
		Token string `xml:"TrackToken"`
		Type  string `xml:"TrackType"`
	} `xml:"Track"`
}

// Recordings tells what of a channel the recorder has between two times; both and
// the answer are the recorder's own clock. Profile G only, else CodeNotFound.
//
// The holes come from the events of the video track (Recording Search Service
// Specification, "Recording Event Descriptions": tns1:RecordingHistory/Track/State
// with IsDataPresent); a recorder without these gives one span from its earliest to
// its latest footage, holes not told.
func (d *Device) Recordings(ctx context.Context, c Channel, from, to time.Time) ([]camera.Interval, error) {
	if d.replay == nil {
		return nil, camera.Errorf(camera.CodeNotFound, "device has no search by ONVIF")
	}
	rec, err := d.replay.of(ctx, c)
	if camera.CodeOf(err) == camera.CodeNoFootage {
		return nil, nil // a channel that is not recorded has no past
	}
	if err != nil {
		return nil, fmt.Errorf("search recordings: %w", err)
	}
	from, to = from.UTC().Round(0), to.UTC().Round(0) // nobody's monotonic clock
	earliest, latest := rec.span(to)
	if whole := (camera.Interval{From: later(from, earliest), To: earlier(to, latest)}); whole.To.After(whole.From) {
		spans, ok, err := d.replay.events(ctx, rec, whole)
		if err != nil {
			return nil, fmt.Errorf("search recordings: %w", err)
		}
		if ok {
			return spans, nil
		}
		return []camera.Interval{whole}, nil
	}
	return nil, nil
}

// ReplayURI is where a channel's past is played (RTSP, Streaming Specification,
// "Playback"); the host as dialled, no credentials.
func (d *Device) ReplayURI(ctx context.Context, c Channel) (string, error) {
	if d.replay == nil {
		return "", camera.Errorf(camera.CodeNotFound, "device has no replay by ONVIF")
	}
	rec, err := d.replay.of(ctx, c)
	if err != nil {
		return "", fmt.Errorf("find replay: %w", err)
	}
	o := d.replay.o
	a, err := call[mediaURI](ctx, o.soap, o.replay, nsReplay, "GetReplayUri", `<GetReplayUri xmlns="`+nsReplay+`"><StreamSetup>`+
		`<tt:Stream>RTP-Unicast</tt:Stream><tt:Transport><tt:Protocol>RTSP</tt:Protocol></tt:Transport></StreamSetup>`+
		`<RecordingToken>`+escape(rec.Token)+`</RecordingToken></GetReplayUri>`)
	if err != nil {
		return "", fmt.Errorf("find replay: %w", err)
	}
	return d.web.rewrite(first(a.Two, a.One), "rtsp", "rtsps")
}

// of finds the recording of a channel: by its source's or profile's token, by the
// job that records it, by its name. A device with one picture and one recording needs
// no token. What is none of these is nobody's: another camera's past would be shown as
// this one's.
func (r *replay) of(ctx context.Context, c Channel) (recording, error) {
	all, err := r.recordings(ctx)
	if err != nil {
		return recording{}, err
	}
	named := func(token string) bool { return token != "" && (token == c.SourceToken || token == c.Token) }
	if i := slices.IndexFunc(all, func(x recording) bool { return named(x.SourceID) }); i >= 0 {
		return all[i], nil
	}
	jobs, err := r.sources(ctx)
	if err != nil {
		return recording{}, err
	}
	if i := slices.IndexFunc(all, func(x recording) bool { return named(jobs[x.Token]) }); i >= 0 {
		return all[i], nil
	}
	if i := slices.IndexFunc(all, func(x recording) bool { return c.Name != "" && clean(x.Name) == c.Name }); i >= 0 {
		return all[i], nil
	}
	if len(all) == 1 {
		profiles, err := r.o.profiles(ctx)
		if err != nil {
			return recording{}, err
		}
		if len(bySource(profiles)) == 1 {
			return all[0], nil
		}
	}
	return recording{}, camera.Errorf(camera.CodeNoFootage, "recorder has no recording of channel %d", c.Number)
}

// sources tells by which token the jobs record into recordings (Recording Control
// Service Specification, GetRecordingJobs: of a profile, or of a receiver); empty for
// a device that does not tell.
func (r *replay) sources(ctx context.Context) (map[string]string, error) {
	type answer struct {
		Jobs []struct {
			Recording string   `xml:"JobConfiguration>RecordingToken"`
			Source    []string `xml:"JobConfiguration>Source>SourceToken>Token"`
		} `xml:"JobItem"`
	}
	if r.o.jobs == "" {
		return nil, nil
	}
	a, err := call[answer](ctx, r.o.soap, r.o.jobs, nsRecording, "GetRecordingJobs", `<GetRecordingJobs xmlns="`+nsRecording+`"/>`)
	switch camera.CodeOf(err) {
	case "":
	case camera.CodeBadRequest, camera.CodeNotFound:
		return nil, nil // optional
	default:
		return nil, err
	}
	out := map[string]string{}
	for _, j := range a.Jobs[:min(len(a.Jobs), mostRecordings)] {
		if len(j.Source) > 0 {
			out[j.Recording] = j.Source[0]
		}
	}
	return out, nil
}

// recordings runs one search to its end.
func (r *replay) recordings(ctx context.Context) ([]recording, error) {
	type page struct {
		State string      `xml:"ResultList>SearchState"`
		Info  []recording `xml:"ResultList>RecordingInformation"`
	}
	var all []recording
	err := r.search(ctx, "FindRecordings", `<FindRecordings xmlns="`+nsSearch+`"><Scope/><KeepAliveTime>PT30S</KeepAliveTime></FindRecordings>`,
		func(token string) (string, int, error) {
			p, err := call[page](ctx, r.o.soap, r.o.search, nsSearch, "GetRecordingSearchResults", results("GetRecordingSearchResults", token))
			if err != nil {
				return "", 0, err
			}
			for _, x := range p.Info {
				if x.Token != "" && len(x.Token) <= mostText && len(all) < mostRecordings {
					all = append(all, x)
				}
			}
			return p.State, len(p.Info), nil
		})
	return all, err
}

// search starts a search, asks for its pages until it is complete, and ends it.
func (r *replay) search(ctx context.Context, name, body string, next func(token string) (state string, found int, err error)) error {
	type started struct {
		Token string `xml:"SearchToken"`
	}
	s, err := call[started](ctx, r.o.soap, r.o.search, nsSearch, name, body)
	if err != nil {
		return err
	}
	for range mostPages {
		state, found, err := next(s.Token)
		if err != nil {
			return err
		}
		state = strings.TrimSpace(state)
		if state == "Completed" || found == 0 && state != "Queued" && state != "Searching" {
			break
		}
	}
	// A recorder that cannot end a search forgets it by itself (KeepAliveTime).
	_, err = call[struct{}](ctx, r.o.soap, r.o.search, nsSearch, "EndSearch",
		`<EndSearch xmlns="`+nsSearch+`"><SearchToken>`+escape(s.Token)+`</SearchToken></EndSearch>`)
	if camera.CodeOf(err) == camera.CodeUnreachable {
		return err
	}
	return nil
}

func results(name, token string) string {
	return `<` + name + ` xmlns="` + nsSearch + `"><SearchToken>` + escape(token) + `</SearchToken>` +
		`<MinResults>1</MinResults><MaxResults>200</MaxResults><WaitTime>PT2S</WaitTime></` + name + `>`
}

// span is a recording's whole range; one that goes on has no end.
func (x recording) span(now time.Time) (from, to time.Time) {
	from, to = stamp(x.Earliest), stamp(x.Latest)
	if to.IsZero() {
		to = now
	}
	return from, to
}

// stamp reads an xs:dateTime; without a zone it is UTC, as all times of ONVIF are
// (Core Specification, "Time").
func stamp(text string) time.Time {
	text = strings.TrimSpace(text)
	for _, form := range []string{time.RFC3339Nano, "2006-01-02T15:04:05"} {
		if t, err := time.Parse(form, text); err == nil {
			return t.UTC()
		}
	}
	return time.Time{}
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

func earlier(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}
