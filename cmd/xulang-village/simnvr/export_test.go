package simnvr

import "net/url"

// For the fuzz targets.

// ParseDigest reports whether the header is a digest's.
func ParseDigest(header string) bool { _, ok := parseDigest(header); return ok }

// ParseProbe reports what a discovery packet looks for.
func ParseProbe(packet []byte) (id string, ok bool) {
	p, ok := parseProbe(packet)
	return p.ID, ok
}

// ParseCall reports a SOAP request's operation.
func ParseCall(body []byte) (name string, err error) {
	c, err := parseCall(body)
	return c.Name, err
}

// Finds reports whether the recorder has something at the URL.
func (r *Recorder) Finds(u *url.URL) (channel int, found bool) {
	t, ok := r.parseTarget(u)
	return t.channel, ok && r.holds(t)
}
