package onvif

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	camera "xulang.vn/camera"
)

// event is a FindEventResult.
type event struct {
	Recording string `xml:"RecordingToken"`
	Track     string `xml:"TrackToken"`
	Time      string `xml:"Time"`
	Topic     string `xml:"Event>Topic"`
	Start     string `xml:"StartStateEvent"`
	Items     []struct {
		Name  string `xml:"Name,attr"`
		Value string `xml:"Value,attr"`
	} `xml:"Event>Message>Message>Data>SimpleItem"`
}

// change is a moment at which a track began or ceased to have data.
type change struct {
	at      time.Time
	present bool
}

// events asks when the video track had data. Not ok: the recorder does not tell.
func (r *replay) events(ctx context.Context, rec recording, in camera.Interval) (spans []camera.Interval, ok bool, err error) {
	type page struct {
		State string  `xml:"ResultList>SearchState"`
		Found []event `xml:"ResultList>Result"`
	}
	track := rec.video()
	var all []change
	err = r.search(ctx, "FindEvents", findEvents(rec.Token, in), func(token string) (string, int, error) {
		p, err := call[page](ctx, r.o.soap, r.o.search, nsSearch, "GetEventSearchResults", results("GetEventSearchResults", token))
		if err != nil {
			return "", 0, err
		}
		for _, e := range p.Found {
			if c, ok := e.change(rec.Token, track); ok && len(all) < mostEvents {
				all = append(all, c)
			}
		}
		return p.State, len(p.Found), nil
	})
	var none unsupported
	switch code := camera.CodeOf(err); {
	case errors.As(err, &none), code == camera.CodeBadRequest:
		return nil, false, nil
	case err != nil:
		return nil, false, err
	case len(all) == 0:
		return nil, false, nil // a recorder that has footage and no event of it
	}
	return present(all, in), true, nil
}

func findEvents(token string, in camera.Interval) string {
	const form = "2006-01-02T15:04:05Z"
	return `<FindEvents xmlns="` + nsSearch + `" xmlns:tns1="http://www.onvif.org/ver10/topics"><StartPoint>` + in.From.UTC().Format(form) + `</StartPoint><EndPoint>` + in.To.UTC().Format(form) + `</EndPoint>` +
		`<Scope><tt:IncludedRecordings>` + escape(token) + `</tt:IncludedRecordings></Scope>` +
		`<SearchFilter><wsnt:TopicExpression xmlns:wsnt="http://docs.oasis-open.org/wsn/b-2" Dialect="http://www.onvif.org/ver10/tev/topicExpression/ConcreteSet">tns1:RecordingHistory/Track/State</wsnt:TopicExpression></SearchFilter>` +
		`<IncludeStartState>true</IncludeStartState><KeepAliveTime>PT30S</KeepAliveTime></FindEvents>`
}

// video is the token of the recording's video track, "" when it names none.
func (x recording) video() string {
	for _, t := range x.Tracks {
		if strings.EqualFold(strings.TrimSpace(t.Type), "Video") {
			return t.Token
		}
	}
	return ""
}

func (e event) change(recording, track string) (change, bool) {
	at := stamp(e.Time)
	if at.IsZero() || e.Recording != "" && e.Recording != recording || track != "" && e.Track != track || !strings.Contains(e.Topic, "Track/State") {
		return change{}, false
	}
	for _, item := range e.Items {
		if item.Name == "IsDataPresent" {
			v := strings.TrimSpace(item.Value)
			return change{at, v == "true" || v == "1"}, true
		}
	}
	return change{}, false
}

// present turns changes into spans. What was there before the first change is what
// that change ended.
func present(all []change, in camera.Interval) []camera.Interval {
	slices.SortStableFunc(all, func(a, b change) int { return a.at.Compare(b.at) })
	var out []camera.Interval
	add := func(from, to time.Time) {
		from, to = later(in.From, from), earlier(in.To, to)
		if to.After(from) {
			out = append(out, camera.Interval{From: from, To: to})
		}
	}
	open, since := !all[0].present, in.From
	for _, c := range all {
		switch {
		case c.present && !open:
			open, since = true, c.at
		case !c.present && open:
			open = false
			add(since, c.at)
		}
	}
	if open {
		add(since, in.To)
	}
	return out
}
