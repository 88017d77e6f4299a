package link_test

import (
	"reflect"
	"testing"
	"time"

	camera "xulang.vn/camera"
	"xulang.vn/camera/agent/link"
)

var no = camera.Refusal{Code: camera.CodeForeignCamera, Message: "no"}

// verb is one of the household's, as the link asks it.
type verb struct {
	name  string
	call  func(*link.Link) (any, error)
	sent  any // what the hub has to get
	reply any // what it says
	got   any // what call gives
}

func verbs(t *testing.T) []verb {
	at := time.Date(2026, 11, 22, 5, 0, 0, 0, time.UTC)
	near := camera.Position{Lat: 22, Lon: 106}
	roads := camera.RoadsReply{V: camera.LinkVersion, Sketch: true, Roads: []camera.RoadLine{{ID: "4a", Name: "QL 4A", Line: [][2]float64{{106, 22}, {106, 23}}}}}
	sights := []camera.Sight{{Name: "QL 4A", Metres: 40, Toward: "Na Sầm", Side: camera.SideRight}}
	receipt := camera.Receipt{Camera: gateCam, Text: "1", Language: "vi", At: at}
	test := camera.SelfTest{At: at, Lines: []camera.TestLine{{Name: camera.TestUplink, OK: true, Number: 1e6}}}
	yes := camera.Answer{Want: "w", Granted: true, At: at}
	past := []camera.CameraPast{{Camera: gateCam, At: at, Spans: []camera.Interval{{From: at, To: at.Add(time.Hour)}}}}
	v := camera.LinkVersion
	ack := camera.Ack{V: v}
	none := func(err error) (any, error) { return nil, err }
	ctx := t.Context()
	return []verb{
		{camera.VerbPast, func(l *link.Link) (any, error) { return none(l.Past(ctx, past)) }, camera.PastNotice{V: v, Cameras: past}, ack, nil},
		{camera.VerbRoads, func(l *link.Link) (any, error) { return l.Roads(ctx, camera.RoadsRequest{Near: &near, Radius: 900}) },
			camera.RoadsRequest{V: v, Near: &near, Radius: 900}, roads, roads},
		{camera.VerbSeen, func(l *link.Link) (any, error) { return l.Seen(ctx, camera.View{Heading: 90}) },
			camera.SeenRequest{V: v, View: camera.View{Heading: 90}}, camera.SeenReply{V: v, Sights: sights}, sights},
		{camera.VerbAnswer, func(l *link.Link) (any, error) { return none(l.Answer(ctx, yes)) }, with(yes, func(a *camera.Answer) { a.V = v }), ack, nil},
		{camera.VerbSelfTest, func(l *link.Link) (any, error) { return none(l.SelfTest(ctx, test)) }, with(test, func(s *camera.SelfTest) { s.V = v }), ack, nil},
		{camera.VerbLeave, func(l *link.Link) (any, error) { return none(l.Leave(ctx)) }, camera.LeaveNotice{V: v}, ack, nil},
		{camera.VerbConsent, func(l *link.Link) (any, error) { return l.Consent(ctx, receipt) }, with(receipt, func(r *camera.Receipt) { r.V = v }),
			camera.ReceiptReply{V: v, Number: "7", At: at}, camera.ReceiptReply{V: v, Number: "7", At: at}},
	}
}

func with[T any](v T, change func(*T)) T { change(&v); return v }

func TestHouseholdVerbs(t *testing.T) {
	id := identity(t)
	hub := newHub(t, id.Device())
	l, _, _ := started(t, link.Config{HubURL: hub.front.URL, Identity: id}, time.Now)
	until(t, "connected", l.Connected)
	for _, c := range verbs(t) {
		t.Run(c.name, func(t *testing.T) {
			asked := make(chan []byte, 1)
			hub.on(c.name, func(b []byte) any { asked <- b; return c.reply })
			got, err := c.call(l)
			if err != nil || !reflect.DeepEqual(got, c.got) {
				t.Errorf("%v %v, want %v", got, err, c.got)
			}
			into := reflect.New(reflect.TypeOf(c.sent))
			parseInto(t, receive(t, "question", asked), into.Interface())
			if !reflect.DeepEqual(into.Elem().Interface(), c.sent) {
				t.Errorf("hub was asked %v, want %v", into.Elem(), c.sent)
			}
			hub.on(c.name, func([]byte) any { return camera.Ack{V: camera.LinkVersion, Refusal: no} })
			got, err = c.call(l)
			if reply, ok := got.(camera.ReceiptReply); ok { // it is durable at the hub; only the answer is no
				if err != nil || reply.Code != no.Code {
					t.Errorf("refused: %v %v", reply, err)
				}
			} else if camera.CodeOf(err) != no.Code {
				t.Errorf("refused: %v", err)
			}
		})
	}
	if !l.Connected() {
		t.Error("a refusal ended the link")
	}
}

func TestHouseholdWithoutLink(t *testing.T) {
	l := link.New(link.Config{Log: quiet}, time.Now)
	for _, c := range verbs(t) {
		if _, err := c.call(l); camera.CodeOf(err) != camera.CodeUnreachable {
			t.Errorf("%s: %v", c.name, err)
		}
	}
}

// TestLeaveEarly: leaving is possible when the hub does not take the hello.
func TestLeaveEarly(t *testing.T) {
	id := identity(t)
	hub := newHub(t, id.Device())
	hellos := make(chan struct{}, 10)
	hub.on(camera.VerbHello, func([]byte) any {
		hellos <- struct{}{}
		return camera.HelloReply{V: camera.LinkVersion, Refusal: no}
	})
	hub.on(camera.VerbLeave, func([]byte) any { return camera.Ack{V: camera.LinkVersion} })
	l, _, _ := started(t, link.Config{HubURL: hub.front.URL, Identity: id}, time.Now)
	receive(t, "hello", hellos)
	if err := l.Leave(t.Context()); err != nil || l.Connected() {
		t.Errorf("leave: %v", err)
	}
}

// TestManyPasts: a house with many cameras and a torn past fits into messages.
func TestManyPasts(t *testing.T) {
	id := identity(t)
	hub := newHub(t, id.Device())
	told := make(chan int, 100)
	hub.on(camera.VerbPast, func(b []byte) any {
		told <- len(parsed[camera.PastNotice](t, b).Cameras)
		return camera.Ack{V: camera.LinkVersion}
	})
	l, _, _ := started(t, link.Config{HubURL: hub.front.URL, Identity: id}, time.Now)
	until(t, "connected", l.Connected)
	at := time.Date(2026, 11, 22, 5, 0, 0, 123456789, time.UTC)
	torn := camera.CameraPast{Camera: gateCam, At: at, Offset: camera.Millis(-7 * time.Minute), Bound: camera.Millis(time.Second)}
	for i := range camera.PastSpansMost {
		from := at.Add(time.Duration(i) * time.Hour)
		torn.Spans = append(torn.Spans, camera.Interval{From: from, To: from.Add(time.Minute)})
	}
	all := make([]camera.CameraPast, 64)
	for i := range all {
		all[i] = torn
	}
	if err := l.Past(t.Context(), all); err != nil {
		t.Fatal(err)
	}
	sum := 0
	for len(told) > 0 {
		sum += <-told
	}
	if sum != len(all) {
		t.Errorf("%d cameras of %d", sum, len(all))
	}
	if err := l.Past(t.Context(), nil); err != nil || len(told) > 0 {
		t.Errorf("nothing: %v", err)
	}
}
