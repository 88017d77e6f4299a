package simnvr

import (
	"encoding/xml"
	"errors"
	"fmt"
	"net/http"
	"strings"
)

// Namespaces of the ONVIF services.
const (
	nsDevice    = "http://www.onvif.org/ver10/device/wsdl"
	nsMedia     = "http://www.onvif.org/ver10/media/wsdl"
	nsRecording = "http://www.onvif.org/ver10/recording/wsdl"
	nsSearch    = "http://www.onvif.org/ver10/search/wsdl"
	nsReplay    = "http://www.onvif.org/ver10/replay/wsdl"
)

// call is one SOAP 1.2 request.
type call struct {
	Namespace, Name string
	token           *usernameToken
	inner           []byte // what stands in the operation's element
}

// parseCall reads the envelope (SOAP 1.2 part 1, section 5).
func parseCall(body []byte) (call, error) {
	var e struct {
		XMLName xml.Name `xml:"http://www.w3.org/2003/05/soap-envelope Envelope"`
		Header  struct {
			Security struct {
				Token *usernameToken `xml:"UsernameToken"`
			} `xml:"Security"`
		} `xml:"Header"`
		Body struct {
			Operations []struct {
				XMLName xml.Name
				Inner   []byte `xml:",innerxml"`
			} `xml:",any"`
		} `xml:"Body"`
	}
	if err := xml.Unmarshal(body, &e); err != nil {
		return call{}, fmt.Errorf("read envelope: %w", err)
	}
	if len(e.Body.Operations) != 1 {
		return call{}, errors.New("read envelope: not one operation")
	}
	op := e.Body.Operations[0]
	return call{op.XMLName.Space, op.XMLName.Local, e.Header.Security.Token, op.Inner}, nil
}

// params reads the operation's elements, by their local names, into v.
func (c call) params(v any) error {
	if err := xml.Unmarshal(append(append([]byte("<p>"), c.inner...), "</p>"...), v); err != nil {
		return fmt.Errorf("read %s: %w", c.Name, err)
	}
	return nil
}

// onvif answers the services, all of them under /onvif/.
func (w *web) onvif(rw http.ResponseWriter, req *http.Request, path string) {
	if path == "/onvif/snapshot" {
		if w.admit(rw, req) && !w.snapshot(rw, number(req.URL.Query().Get("channel"))) {
			http.Error(rw, "no picture", http.StatusServiceUnavailable)
		}
		return
	}
	if req.Method != http.MethodPost || !strings.HasSuffix(path, "_service") {
		http.NotFound(rw, req)
		return
	}
	body, err := readBody(req)
	if err != nil {
		w.fault(rw, http.StatusBadRequest, "env:Sender", "ter:WellFormed", "request cannot be read")
		return
	}
	c, err := parseCall(body)
	if err != nil {
		w.fault(rw, http.StatusBadRequest, "env:Sender", "ter:WellFormed", "not a SOAP 1.2 envelope with one operation")
		return
	}
	op, ok := w.operation(c)
	if !ok {
		w.fault(rw, http.StatusInternalServerError, "env:Receiver", "ter:ActionNotSupported", "Optional Action Not Implemented")
		return
	}
	if !op.open && !w.authorised(rw, req, c) {
		return
	}
	op.answer(w, rw, c)
}

// authorised takes a UsernameToken or an HTTP digest (ONVIF Core, "User
// authentication"). Whatever is wrong with the token, skewed time too, the answer is
// the same.
func (w *web) authorised(rw http.ResponseWriter, req *http.Request, c call) bool {
	if c.token == nil {
		return w.admit(rw, req)
	}
	if w.rec.guard.token(*c.token, w.rec.clock.shows()) == granted {
		return true
	}
	w.fault(rw, http.StatusBadRequest, "env:Sender", "ter:NotAuthorized", "Sender not authorized")
	return false
}

// fault is SOAP 1.2's (part 1, section 5.4), with ONVIF's codes (Core, "Fault codes").
func (w *web) fault(rw http.ResponseWriter, status int, code, sub, reason string) {
	w.render(rw, status, "onvifFault.xml", struct{ Code, Sub, Reason string }{code, sub, reason})
}
