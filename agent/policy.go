package agent

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	camera "xulang.vn/camera"
)

// policyFile is in the data folder: a box that starts while the hub is away goes on
// as the hub asked last.
const policyFile = "policy"

// policy is what the hub asks of cameras whose household chose no uplink class.
type policy struct {
	dir string                 // of policyFile
	hub watched[camera.Uplink] // "" until the hub has told
}

// load reads what was told before. What cannot be read is not known: the hub tells
// it again with each hello.
func (p *policy) load(dir string) error {
	p.dir = dir
	text, err := os.ReadFile(filepath.Join(dir, policyFile))
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("read policy: %w", err)
	}
	p.set(camera.Uplink(strings.TrimSpace(string(text))))
	return nil
}

// save writes down what is in force.
func (p *policy) save() error {
	hub, _ := p.hub.now()
	if err := writeWhole(filepath.Join(p.dir, policyFile), []byte(string(hub)+"\n")); err != nil {
		return fmt.Errorf("write policy: %w", err)
	}
	return nil
}

// set tells whether this is news. What is no class of ours changes nothing.
func (p *policy) set(u camera.Uplink) bool { return u.Valid() && p.hub.set(u) }

// class is a camera's uplink class in force: the household's choice before the
// hub's policy; "" while neither is known. A camera without a small stream cannot
// follow the policy "sub": its footage waits until a case asks.
func (a *agent) class(cam Camera) (camera.Uplink, <-chan struct{}) {
	hub, changed := a.policy.hub.now()
	switch {
	case cam.Uplink != "":
		return cam.Uplink, changed
	case hub == camera.UplinkSub && cam.SubURL == "":
		return camera.UplinkRequest, changed
	}
	return hub, changed
}

// flows tells whether a stream's bytes leave by themselves by the class in force.
// While it is not known they wait: what the hub asks for on request only must not
// leave because the hub was not heard yet.
func (a *agent) flows(id camera.CameraID, stream camera.Stream) bool {
	r, ok := a.cameras.get(id)
	if !ok {
		return false
	}
	class, _ := a.class(r.cam())
	return class.Required(stream)
}

// required tells the spool whether a stream's bytes have to reach the hub by
// themselves. Of a camera whose class is not known yet nothing is given up. What
// the household does not let leave need not: its own days count.
func (a *agent) required(id camera.CameraID, stream camera.Stream) bool {
	r, ok := a.cameras.get(id)
	if !ok {
		return false
	}
	cam := r.cam()
	switch camera.CodeOf(camera.Decide(cam.Consent, camera.ActionUpload, camera.Asker{}, a.now())) {
	case camera.CodeNoConsent, camera.CodeAskOwner:
		return false
	}
	class, _ := a.class(cam)
	return class == "" || class.Required(stream)
}

// dayKnown is how well the clock has to be known before footage may leave for its
// age. A hub that is away for two months leaves it known so well.
const dayKnown = time.Hour

// knowsTheDay tells whether the hub has confirmed this box's clock since the start.
func (a *agent) knowsTheDay() bool {
	if a.link == nil {
		return false // the spool is being opened
	}
	c := a.link.Clock()
	return c.Bound > 0 && time.Duration(c.Offset).Abs()+time.Duration(c.Bound) < dayKnown
}
