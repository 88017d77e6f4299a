package upload_test

import (
	"testing"
	"time"
	_ "time/tzdata"

	"xulang.vn/camera/agent/upload"
)

func minute(t *testing.T, text string) upload.Minute {
	t.Helper()
	var m upload.Minute
	if err := m.UnmarshalText([]byte(text)); err != nil {
		t.Fatal(err)
	}
	if back, err := m.MarshalText(); err != nil || string(back) != text {
		t.Errorf("%s is written %s", text, back)
	}
	return m
}

func TestHours(t *testing.T) {
	zone, err := time.LoadLocation("Asia/Ho_Chi_Minh")
	if err != nil {
		t.Fatal(err)
	}
	hours := []upload.Hours{
		{From: minute(t, "22:00"), To: minute(t, "06:00"), Rate: 1_000_000},
		{From: minute(t, "11:30"), To: minute(t, "13:00"), Rate: 0},
		{From: minute(t, "06:00"), To: minute(t, "18:00"), Rate: 200_000},
		{From: minute(t, "18:00"), To: minute(t, "19:00"), Rate: 10},
		{From: minute(t, "23:00"), To: minute(t, "24:00"), Rate: 5}, // the first one counts
	}
	for at, want := range map[string]int64{
		"00:00": 1_000_000, "05:59": 1_000_000, "06:00": 200_000, "11:29": 200_000, "11:30": 0, "12:59": 0, "13:00": 200_000,
		"17:59": 200_000, "18:00": 8 << 10, "19:00": 0, "21:59": 0, "22:00": 1_000_000, "23:30": 1_000_000,
	} {
		local, err := time.ParseInLocation("2006-01-02 15:04", "2026-11-22 "+at, zone)
		if err != nil {
			t.Fatal(err)
		}
		b := upload.NewBudget(hours, zone, func() time.Time { return local.UTC() })
		if _, allowed := b.Rate(); allowed != want {
			t.Errorf("%s: %d, want %d", at, allowed, want)
		}
	}
	whole := upload.NewBudget([]upload.Hours{{From: 600, To: 600, Rate: 9000}}, nil, time.Now)
	if _, allowed := whole.Rate(); allowed != 9000 {
		t.Errorf("the whole day: %d", allowed)
	}
}

func TestRate(t *testing.T) {
	now := t0
	b := upload.NewBudget(nil, nil, func() time.Time { return now })
	for _, step := range []struct {
		after time.Duration
		live  int
		want  int64
	}{
		{0, 0, 0}, {0, 600_000, 10_000}, {30 * time.Second, 0, 10_000}, {time.Second, 60_000, 11_000},
		{28 * time.Second, 0, 11_000}, {2 * time.Second, 0, 1_000}, {-time.Hour, 0, 1_000}, {time.Hour, 0, 1_000},
		{time.Minute, 0, 0}, {1000 * time.Hour, 6_000, 100},
	} {
		now = now.Add(step.after)
		if step.live > 0 {
			b.Live(step.live)
		}
		if sent, allowed := b.Rate(); sent != step.want || allowed != 0 {
			t.Errorf("at %s: %d, want %d; allowed %d", now, sent, step.want, allowed)
		}
	}
}

func FuzzMinute(f *testing.F) {
	for _, seed := range []string{"00:00", "24:00", "24:01", "23:59", "7:30", "07:60", "+7:30", "0x:10", "", "12:3", "12:300", "-1:00"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, s string) {
		var m upload.Minute
		if err := m.UnmarshalText([]byte(s)); err != nil {
			return
		}
		back, err := m.MarshalText()
		if err != nil || string(back) != s || m < 0 || m > 24*60 {
			t.Errorf("%q is %d, written %q", s, m, back)
		}
	})
}
