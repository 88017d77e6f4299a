package ingest_test

import (
	"encoding/json"
	"strings"
	"testing"

	"xulang.vn/camera/agent/ingest"
)

// TestDetailKeepsItsLimit also on the link, where it is JSON: the hub refuses the
// status of all cameras when one is too long.
func TestDetailKeepsItsLimit(t *testing.T) {
	for _, text := range []string{"", "no answer", strings.Repeat("mật khẩu ", 40), "x" + strings.Repeat("ậ", 100), strings.Repeat("\xff", 300)} {
		b, err := json.Marshal(ingest.Detail(text))
		if err != nil {
			t.Fatal(err)
		}
		var got string
		if err := json.Unmarshal(b, &got); err != nil || len(got) > 200 {
			t.Errorf("%.20q: %d bytes at the hub, %v", text, len(got), err)
		}
		if len(text) < 200 && got != text {
			t.Errorf("%q became %q", text, got)
		}
	}
}
