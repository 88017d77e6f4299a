package simnvr

import (
	"net/http"
	"slices"
	"strings"
	"time"
)

// recording is one channel's, with the one track VIDEO001.
type recording struct {
	Token, Name string
	Profile     string    // of the media profile that is recorded
	From, To    time.Time // by the recorder's clock
}

func recordingToken(s streamFacts) string { return "Recording_" + s.ID[:len(s.ID)-2] }

// kept lists the recordings, or those named.
func (w *web) kept(names ...string) []recording {
	c := w.rec.clock
	var out []recording
	for _, s := range w.facts(nil).Streams {
		if token := recordingToken(s); s.Online && !s.Sub && (len(names) == 0 || slices.Contains(names, token)) {
			out = append(out, recording{Token: token, Name: s.Name, Profile: "Profile_" + s.ID, From: c.at(c.oldest()), To: c.shows()})
		}
	}
	return out
}

// recordings is Recording Control's GetRecordings.
func (w *web) recordings(rw http.ResponseWriter, _ call) {
	w.render(rw, http.StatusOK, "onvifGetRecordings.xml", w.kept())
}

// recordingSummary is Recording Search's GetRecordingSummary.
func (w *web) recordingSummary(rw http.ResponseWriter, _ call) {
	c, n := w.rec.clock, len(w.kept())
	w.render(rw, http.StatusOK, "onvifGetRecordingSummary.xml", struct {
		From, To time.Time
		Number   int
	}{c.at(c.oldest()), c.shows(), n})
}

// findRecordings opens a search (Recording Search, FindRecordings). A metadata
// filter is not understood, as devices may choose.
func (w *web) findRecordings(rw http.ResponseWriter, c call) {
	var p struct {
		Recordings []string `xml:"Scope>IncludedRecordings"`
		Filter     *string  `xml:"Scope>RecordingInformationFilter"`
	}
	if err := c.params(&p); err != nil || p.Filter != nil {
		w.invalid(rw, "ter:InvalidArgVal", "the scope is not understood")
		return
	}
	w.render(rw, http.StatusOK, "onvifFindRecordings.xml", w.finds.open(findingOf{recordings: p.Recordings}))
}

// searchResults gives all at once: the search is complete when it is asked
// (Recording Search, GetRecordingSearchResults).
func (w *web) searchResults(rw http.ResponseWriter, c call) {
	if f, ok := w.search(rw, c, false); ok {
		w.render(rw, http.StatusOK, "onvifGetRecordingSearchResults.xml", w.kept(f.recordings...))
	}
}

// search finds the session that the operation names.
func (w *web) search(rw http.ResponseWriter, c call, events bool) (findingOf, bool) {
	var p struct {
		Token string `xml:"SearchToken"`
	}
	if c.params(&p) == nil {
		if f, ok := w.finds.get(strings.TrimSpace(p.Token), events); ok {
			return f, true
		}
	}
	w.invalid(rw, "ter:InvalidToken", "no such search")
	return findingOf{}, false
}

func (w *web) endSearch(rw http.ResponseWriter, c call) {
	var p struct {
		Token string `xml:"SearchToken"`
	}
	if c.params(&p) != nil || !w.finds.end(strings.TrimSpace(p.Token)) {
		w.invalid(rw, "ter:InvalidToken", "no such search")
		return
	}
	w.render(rw, http.StatusOK, "onvifEndSearch.xml", w.rec.clock.shows())
}

// eventScope is the stretch of time that a search for events asks about.
type eventScope struct {
	from, to time.Time
	state    bool // tell the state at its beginning too
}

// trackEvent says that a recording's track began to have data, or had it already.
type trackEvent struct {
	Recording string
	At        time.Time
	State     bool // not a change, but how it stood
}

// findEvents opens a search for tns1:RecordingHistory/Track/State, the one topic
// that there is (Recording Search, FindEvents and "Recording event descriptions").
func (w *web) findEvents(rw http.ResponseWriter, c call) {
	var p struct {
		From       time.Time  `xml:"StartPoint"`
		To         *time.Time `xml:"EndPoint"`
		Recordings []string   `xml:"Scope>IncludedRecordings"`
		State      bool       `xml:"IncludeStartState"`
	}
	if err := c.params(&p); err != nil || p.To != nil && p.To.Before(p.From) {
		w.invalid(rw, "ter:InvalidArgVal", "start and end are not understood")
		return
	}
	scope := eventScope{from: p.From, to: w.rec.clock.shows(), state: p.State}
	if p.To != nil {
		scope.to = earlier(scope.to, *p.To)
	}
	w.render(rw, http.StatusOK, "onvifFindEvents.xml", w.finds.open(findingOf{recordings: p.Recordings, events: &scope}))
}

// eventResults tells when there began to be footage: a recorder that is never off
// has one such moment, which moves on with overwriting.
func (w *web) eventResults(rw http.ResponseWriter, c call) {
	f, ok := w.search(rw, c, true)
	if !ok {
		return
	}
	var found []trackEvent
	for _, r := range w.kept(f.recordings...) {
		switch {
		case r.From.After(f.events.to):
		case !r.From.Before(f.events.from):
			found = append(found, trackEvent{Recording: r.Token, At: r.From})
		case f.events.state:
			found = append(found, trackEvent{r.Token, f.events.from, true})
		}
	}
	w.render(rw, http.StatusOK, "onvifGetEventSearchResults.xml", found)
}

// named finds the recording that the operation names.
func (w *web) named(rw http.ResponseWriter, c call) (recording, bool) {
	var p struct {
		Token string `xml:"RecordingToken"`
	}
	if c.params(&p) == nil && strings.TrimSpace(p.Token) != "" {
		if all := w.kept(strings.TrimSpace(p.Token)); len(all) == 1 {
			return all[0], true
		}
	}
	w.invalid(rw, "ter:NoRecording", "no such recording")
	return recording{}, false
}

// recordingInformation is Recording Search's GetRecordingInformation.
func (w *web) recordingInformation(rw http.ResponseWriter, c call) {
	if r, ok := w.named(rw, c); ok {
		w.render(rw, http.StatusOK, "onvifGetRecordingInformation.xml", r)
	}
}

// replayURI is Replay Control's GetReplayUri.
func (w *web) replayURI(rw http.ResponseWriter, c call) {
	if r, ok := w.named(rw, c); ok {
		channel := strings.TrimPrefix(r.Token, "Recording_")
		w.render(rw, http.StatusOK, "onvifGetReplayUri.xml", "rtsp://"+w.rec.RTSPAddr()+"/onvif/replay/ch"+channel)
	}
}
