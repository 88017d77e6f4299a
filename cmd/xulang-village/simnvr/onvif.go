package simnvr

import (
	"net/http"
	"strings"
)

// operation is one that the recorder knows. Those of access class PRE_AUTH are
// open (ONVIF Core, "Access classes for service requests").
type operation struct {
	open   bool
	answer func(*web, http.ResponseWriter, call)
}

// tells makes an operation that only fills in an answer.
func tells(open bool, name string) operation {
	return operation{open, func(w *web, rw http.ResponseWriter, _ call) { w.render(rw, http.StatusOK, name, nil) }}
}

// operations by namespace and name. Recordings, their search and replay are the
// ONVIF dialect's alone: with the others the maker's own interface is used.
var operations = map[string]map[string]operation{
	nsDevice: {
		"GetSystemDateAndTime": tells(true, "onvifGetSystemDateAndTime.xml"),
		"GetCapabilities":      tells(true, "onvifGetCapabilities.xml"),
		"GetServices":          tells(true, "onvifGetServices.xml"),
		"GetDeviceInformation": tells(false, "onvifGetDeviceInformation.xml"),
		"GetNetworkInterfaces": tells(false, "onvifGetNetworkInterfaces.xml"),
	},
	nsMedia: {
		"GetProfiles":     tells(false, "onvifGetProfiles.xml"),
		"GetVideoSources": tells(false, "onvifGetVideoSources.xml"),
		"GetStreamUri":    {answer: (*web).streamURI},
		"GetSnapshotUri":  {answer: (*web).snapshotURI},
	},
	nsRecording: {
		"GetRecordings": {answer: (*web).recordings},
	},
	nsSearch: {
		"GetRecordingSummary":       {answer: (*web).recordingSummary},
		"FindRecordings":            {answer: (*web).findRecordings},
		"GetRecordingSearchResults": {answer: (*web).searchResults},
		"FindEvents":                {answer: (*web).findEvents},
		"GetEventSearchResults":     {answer: (*web).eventResults},
		"EndSearch":                 {answer: (*web).endSearch},
		"GetRecordingInformation":   {answer: (*web).recordingInformation},
	},
	nsReplay: {
		"GetReplayUri": {answer: (*web).replayURI},
	},
}

func (w *web) operation(c call) (operation, bool) {
	if w.rec.cfg.Dialect != ONVIF && c.Namespace != nsDevice && c.Namespace != nsMedia {
		return operation{}, false
	}
	op, ok := operations[c.Namespace][c.Name]
	return op, ok
}

// invalid is the fault for a token that names nothing.
func (w *web) invalid(rw http.ResponseWriter, sub, reason string) {
	w.fault(rw, http.StatusBadRequest, "env:Sender", sub, reason)
}

// profile finds the stream that a media profile's token names.
func (w *web) profile(rw http.ResponseWriter, c call) (streamFacts, bool) {
	var p struct {
		Token string `xml:"ProfileToken"`
	}
	if err := c.params(&p); err == nil {
		for _, s := range w.facts(nil).Streams {
			if "Profile_"+s.ID == strings.TrimSpace(p.Token) {
				return s, true
			}
		}
	}
	w.invalid(rw, "ter:InvalidArgVal", "no such profile")
	return streamFacts{}, false
}

// streamURI is Media's GetStreamUri.
func (w *web) streamURI(rw http.ResponseWriter, c call) {
	if s, ok := w.profile(rw, c); ok {
		w.render(rw, http.StatusOK, "onvifGetStreamUri.xml", s.URL)
	}
}

// snapshotURI is Media's GetSnapshotUri.
func (w *web) snapshotURI(rw http.ResponseWriter, c call) {
	if s, ok := w.profile(rw, c); ok {
		w.render(rw, http.StatusOK, "onvifGetSnapshotUri.xml", s.Snapshot)
	}
}
