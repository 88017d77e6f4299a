package registry_test

import (
	"database/sql"
	"math"
	"strings"
	"testing"
	"time"

	camera "xulang.vn/camera"
)

func receipt(id camera.CameraID, level camera.ConsentLevel) camera.Receipt {
	return camera.Receipt{
		V: camera.LinkVersion, Camera: id, Consent: camera.Consent{Level: level}, Text: "2026-11-vi-1", TextHash: camera.Hash{7},
		Language: "vi", Method: "household-page", At: start.Add(-time.Second), Signature: camera.Signature{9},
	}
}

func TestReceipts(t *testing.T) {
	h := open(t)
	ctx := t.Context()
	home := h.household(t)
	d, other := h.device(t, home), h.device(t, home)
	h.hello(t, d, note(home, 1))
	h.hello(t, other, note(home, 2))
	cam := note(home, 1).Camera

	given := receipt(cam, camera.ConsentLive)
	given.Consent.For.Administrative, given.Consent.Hours, given.Consent.Until = camera.ConsentAsk, camera.Hours{From: 1320, To: 300}, start.AddDate(0, 6, 0)
	number, at, err := h.AddReceipt(ctx, d, given)
	if err != nil || len(number) != 14 || !at.Equal(start) {
		t.Fatalf("%q, %v, %v", number, at, err)
	}
	h.wait(time.Hour)
	if again, first, err := h.AddReceipt(ctx, d, given); err != nil || again != number || !first.Equal(start) {
		t.Errorf("told again: %q, %v, %v", again, first, err)
	}
	back := receipt(cam, camera.ConsentNone)
	back.At = back.At.Add(time.Hour)
	later, _, err := h.AddReceipt(ctx, d, back)
	if err != nil || later == number {
		t.Fatalf("taken back: %q, %v", later, err)
	}
	list, err := h.Receipts(ctx, home)
	if err != nil || len(list) != 2 || list[0].Number != later || list[1].Number != number ||
		list[0].CameraLabel != "Cổng 001" || !list[0].Received.Equal(h.now()) || list[1].Receipt != given || list[0].Receipt != back {
		t.Errorf("%+v, %v", list, err)
	}
	if list, err := h.Receipts(ctx, h.household(t)); err != nil || len(list) != 0 {
		t.Errorf("of another household: %+v, %v", list, err)
	}
	_, err = h.Receipts(ctx, "hnobody")
	want(t, "of nobody", err, camera.CodeNotFound)

	bad := receipt(cam, "all")
	for name, c := range map[string]struct {
		d    camera.DeviceID
		m    camera.Receipt
		code camera.Code
	}{
		"no such level":       {d, bad, camera.CodeBadClaim},
		"another device's":    {other, given, camera.CodeForeignCamera},
		"no hello yet":        {d, receipt(note(home, 3).Camera, camera.ConsentClip), camera.CodeNotFound},
		"of an unknown box":   {newKey(t).id, given, camera.CodeForbidden},
		"no camera's id even": {d, receipt("c1", camera.ConsentClip), camera.CodeBadClaim},
	} {
		_, _, err := h.AddReceipt(ctx, c.d, c.m)
		want(t, name, err, c.code)
	}
	err = h.db.Write(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `UPDATE receipts SET body = '{}'`)
		return err
	})
	if err == nil || !strings.Contains(err.Error(), "never changed") {
		t.Errorf("a receipt was changed: %v", err)
	}
}

func TestReceiptsHaveAnEnd(t *testing.T) {
	h := open(t)
	home := h.household(t)
	d := h.device(t, home)
	h.hello(t, d, note(home, 1))
	refused := 0
	for i := range 210 {
		m := receipt(note(home, 1).Camera, camera.ConsentClip)
		m.At = m.At.Add(time.Duration(i) * time.Millisecond)
		if _, _, err := h.AddReceipt(t.Context(), d, m); err != nil {
			refused++
			want(t, "another one", err, camera.CodeTooMany)
		}
	}
	if refused != 10 {
		t.Errorf("%d of 210 refused, want 10", refused)
	}
	h.wait(25 * time.Hour)
	if _, _, err := h.AddReceipt(t.Context(), d, receipt(note(home, 1).Camera, camera.ConsentNone)); err != nil {
		t.Error(err)
	}
}

func TestSelfTest(t *testing.T) {
	h := open(t)
	ctx := t.Context()
	home := h.household(t)
	d, other := h.device(t, home), h.device(t, home)
	h.hello(t, d, note(home, 1))
	h.hello(t, other, note(home, 2))
	mine, theirs := note(home, 1).Camera, note(home, 2).Camera
	test := func(lines ...camera.TestLine) error {
		return h.SetSelfTest(ctx, d, camera.SelfTest{V: camera.LinkVersion, At: h.now().Add(-time.Second), Lines: lines})
	}
	now := h.wait(time.Minute)
	err := test(camera.TestLine{Name: camera.TestRecord, Camera: mine, OK: true, Number: 20.4},
		camera.TestLine{Name: camera.TestPast, Camera: theirs, OK: true},
		camera.TestLine{Name: camera.TestUplink, Fix: "unreachable"})
	want(t, "a line about another's camera", err, camera.CodeForeignCamera)
	list, err := h.Households(ctx)
	if err != nil {
		t.Fatal(err)
	}
	for _, got := range list[0].Devices {
		switch {
		case got.ID == other && got.SelfTest != nil:
			t.Errorf("the other box: %+v", got.SelfTest)
		case got.ID == d && (got.SelfTest == nil || len(got.SelfTest.Lines) != 2 || got.SelfTest.Lines[0].Number != 20.4 ||
			got.SelfTest.Lines[1].Fix != "unreachable" || !got.SelfTest.At.Equal(now.Add(-time.Second)) || !got.SelfTest.Received.Equal(now)):
			t.Errorf("kept %+v", got.SelfTest)
		}
	}
	for name, c := range map[string]struct {
		err  error
		code camera.Code
	}{
		"a name of its own":  {test(camera.TestLine{Name: "dance"}), camera.CodeBadClaim},
		"words as a reason":  {test(camera.TestLine{Name: camera.TestDisk, Fix: "rtsp://user:pass@10.0.0.1/"}), camera.CodeBadClaim},
		"a number too large": {test(camera.TestLine{Name: camera.TestDisk, Number: 1e300}), camera.CodeBadClaim},
		"no number":          {test(camera.TestLine{Name: camera.TestDisk, Number: math.NaN()}), camera.CodeBadClaim},
		"no camera's id":     {test(camera.TestLine{Name: camera.TestRecord, Camera: "x"}), camera.CodeBadClaim},
		"too many lines":     {test(make([]camera.TestLine, camera.TestsMost+1)...), camera.CodeTooLarge},
		"version":            {h.SetSelfTest(ctx, d, camera.SelfTest{}), camera.CodeBadVersion},
		"an unknown box":     {h.SetSelfTest(ctx, newKey(t).id, camera.SelfTest{V: camera.LinkVersion}), camera.CodeForbidden},
	} {
		want(t, name, c.err, c.code)
	}
}
