package setup_test

import (
	"bytes"
	"context"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"
	"math"
	"slices"
	"sync"
	"time"

	camera "xulang.vn/camera"
	"xulang.vn/camera/agent/home"
	"xulang.vn/camera/agent/setup"
)

// password may be seen nowhere but at the finder.
const password = "Ch1m-hoang+yen 7@/"

// agent plays the program: it does what the page asks and remembers it.
type agent struct {
	house *house

	mu        sync.Mutex
	member    *setup.Member
	unlinked  bool
	trouble   camera.Code
	fail      map[string]error // by method
	called    map[string]int
	applied   []home.Book // the book at each Apply
	wants     []camera.Want
	receipts  []camera.Receipt // that the hub has
	answers   map[string]bool  // that the hub has
	reports   []camera.SelfTest
	cameras   []setup.CameraState
	recorders []setup.RecorderState
	keyFrame  []byte
	asked     camera.RoadsRequest
	left      [2]bool
	gate      chan struct{} // TestRecord waits for it where it is not nil
}

func newAgent(h *house) *agent {
	return &agent{house: h, fail: map[string]error{}, called: map[string]int{}, answers: map[string]bool{}}
}

// at counts a call and tells what it fails with.
func (a *agent) at(method string) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.called[method]++
	return a.fail[method]
}

// set changes the agent under its lock.
func (a *agent) set(f func()) {
	a.mu.Lock()
	defer a.mu.Unlock()
	f()
}

func (a *agent) calls(method string) int {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.called[method]
}

func (a *agent) Fingerprint() string { return "ABCD-EFGH" }

func (a *agent) Member() (setup.Member, bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.called["Member"]++
	if a.member == nil {
		return setup.Member{}, false
	}
	return *a.member, true
}

func (a *agent) Pair(_ context.Context, link, hub, code string) error {
	if err := a.at("Pair"); err != nil {
		return err
	}
	a.set(func() {
		a.member = &setup.Member{Label: "Nhà 01", Hub: "http://127.0.0.1:8470", Joined: noon, Household: "h1", Place: &camera.Position{Lon: 106.7, Lat: 21.9}}
	})
	return nil
}

func (a *agent) Leave(_ context.Context, anew, erase bool) error {
	if err := a.at("Leave"); err != nil {
		return err
	}
	a.set(func() { a.member, a.left = nil, [2]bool{anew, erase} })
	return nil
}

func (a *agent) Linked() bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.member != nil && !a.unlinked
}

func (a *agent) Trouble() camera.Code {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.trouble
}

func (a *agent) Roads(_ context.Context, r camera.RoadsRequest) (camera.RoadsReply, error) {
	a.set(func() { a.asked = r })
	return camera.RoadsReply{Sketch: true, Roads: []camera.RoadLine{{ID: "4a", Name: "Quốc lộ 4A", Class: "trunk", Line: [][2]float64{{106.7, 21.9}, {106.71, 21.91}}}}}, a.at("Roads")
}

func (a *agent) Seen(context.Context, camera.View) ([]camera.Sight, error) {
	return []camera.Sight{{Seen: camera.Seen{Stretch: camera.Stretch{Road: "4a"}, Facing: camera.DirUp}, Name: "Quốc lộ 4A", Metres: 40, Toward: "Na Sầm", Side: camera.SideRight}}, a.at("Seen")
}

func (a *agent) Receipt(_ context.Context, r camera.Receipt) (camera.Receipt, camera.ReceiptReply, error) {
	r.Signature = camera.Signature{1}
	if err := a.at("Receipt"); err != nil {
		return r, camera.ReceiptReply{}, err
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.receipts = append(a.receipts, r)
	return r, camera.ReceiptReply{Number: fmt.Sprintf("BN-%d", len(a.receipts)), At: noon}, nil
}

func (a *agent) Wants() []camera.Want {
	a.mu.Lock()
	defer a.mu.Unlock()
	return slices.Clone(a.wants)
}

func (a *agent) Answer(_ context.Context, want string, granted bool) error {
	if err := a.at("Answer"); err != nil {
		return err
	}
	a.set(func() { a.answers[want] = granted })
	return nil
}

func (a *agent) Cameras() []setup.CameraState {
	a.mu.Lock()
	defer a.mu.Unlock()
	return slices.Clone(a.cameras)
}

func (a *agent) Recorders() []setup.RecorderState {
	a.mu.Lock()
	defer a.mu.Unlock()
	return slices.Clone(a.recorders)
}

func (a *agent) KeyFrame(context.Context, camera.CameraID) ([]byte, string, time.Time, error) {
	err := a.at("KeyFrame")
	a.mu.Lock()
	defer a.mu.Unlock()
	if err == nil && a.keyFrame == nil {
		err = camera.Errorf(camera.CodeNoFootage, "nothing recorded yet")
	}
	return a.keyFrame, "video/mp4", noon, err
}

func (a *agent) Apply(context.Context) error {
	if err := a.at("Apply"); err != nil {
		return err
	}
	b := a.house.store.Book()
	a.set(func() { a.applied = append(a.applied, b) })
	return nil
}

// book is what the agent was told last.
func (a *agent) book() *home.Book {
	a.mu.Lock()
	defer a.mu.Unlock()
	return &a.applied[len(a.applied)-1]
}

func (a *agent) TestRecord(ctx context.Context, _ camera.CameraID) (float64, error) {
	err := a.at("TestRecord")
	a.mu.Lock()
	gate := a.gate
	a.mu.Unlock()
	if gate != nil {
		select {
		case <-gate:
		case <-ctx.Done():
			return 0, ctx.Err()
		}
	}
	return 20, err
}

func (a *agent) TestPast(context.Context, camera.CameraID) (float64, error) {
	return 60, a.at("TestPast")
}
func (a *agent) TestUplink(context.Context) (float64, error) { return 250_000, a.at("TestUplink") }
func (a *agent) Clock() camera.Clock {
	return camera.Clock{Synchronised: true, Offset: camera.Millis(-120 * time.Millisecond)}
}
func (a *agent) DiskDays() float64 { return 14 }

func (a *agent) Report(_ context.Context, t camera.SelfTest) error {
	if err := a.at("Report"); err != nil {
		return err
	}
	a.set(func() { a.reports = append(a.reports, t) })
	return nil
}

// Pictures that differ in their brightness, and a file that begins as an MP4 does.
var (
	day   = paint(64, 48, 200)
	night = paint(64, 48, 3)
	movie = []byte("\x00\x00\x00\x18ftypiso5\x00\x00\x00\x00iso5iso6")
)

func paint(w, h int, level uint8) []byte {
	img := image.NewGray(image.Rect(0, 0, w, h))
	for i := range img.Pix {
		img.Pix[i] = level
	}
	var b bytes.Buffer
	_ = jpeg.Encode(&b, img, nil)
	return b.Bytes()
}

// compare plays the comparison: by the first pixel.
func compare(reference, now image.Image) setup.Finding {
	light := func(i image.Image) float64 {
		return float64(color.GrayModel.Convert(i.At(0, 0)).(color.Gray).Y) / 255
	}
	f := setup.Finding{State: camera.AimSame, Shift: math.NaN(), Likeness: 1 - math.Abs(light(reference)-light(now)), Brightness: light(now)}
	if f.Brightness < 0.1 {
		f.State = camera.AimDark
	}
	return f
}
