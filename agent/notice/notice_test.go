package notice_test

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	camera "xulang.vn/camera"
	"xulang.vn/camera/agent/notice"
)

func full(language string) notice.Notice {
	return notice.Notice{Household: "Nhà số 5, thôn Nà Lẹng", Commune: "Công an xã (mô phỏng)", Road: "Quốc lộ 4A, hướng Na Sầm", Contact: "tổ trưởng an ninh thôn", Language: language}
}

// TestNoticeIsOnePageOfItsWords, as another program (poppler's) reads it.
func TestNoticeIsOnePageOfItsWords(t *testing.T) {
	for language, want := range map[string][]string{
		"vi": {"KHU VỰC CÓ CAMERA", "Nhà số 5, thôn Nà Lẹng", "Quốc lộ 4A, hướng Na Sầm", "Không nhận dạng khuôn mặt", "tổ trưởng an ninh thôn"},
		"en": {"CAMERA IN USE", "No face recognition"},
	} {
		var text bytes.Buffer
		if err := notice.Write(&text, full(language)); err != nil {
			t.Fatal(err)
		}
		if text.Len() > 200<<10 {
			t.Errorf("%s: %d bytes for one sheet", language, text.Len())
		}
		file := filepath.Join(t.TempDir(), "notice.pdf")
		if err := os.WriteFile(file, text.Bytes(), 0o600); err != nil {
			t.Fatal(err)
		}
		said, err := exec.Command("pdftotext", "-layout", file, "-").Output()
		if err != nil {
			t.Fatal(err)
		}
		for _, w := range want {
			if !strings.Contains(strings.Join(strings.Fields(string(said)), " "), w) {
				t.Errorf("%s: %q is not on the sheet:\n%s", language, w, said)
			}
		}
		if pages := strings.Count(string(said), "\f"); pages != 1 {
			t.Errorf("%s: %d pages", language, pages)
		}
	}
}

func TestNoticeWithoutWords(t *testing.T) {
	var a, b bytes.Buffer
	for _, w := range []*bytes.Buffer{&a, &b} {
		if err := notice.Write(w, notice.Notice{Language: "vi"}); err != nil {
			t.Fatal(err)
		}
	}
	if !bytes.Equal(a.Bytes(), b.Bytes()) {
		t.Error("the same words make different files")
	}
}

func TestNoticeRefuses(t *testing.T) {
	for _, n := range []notice.Notice{{}, {Language: "fr"}, {Language: "vi", Household: strings.Repeat("ạ", 121)}, {Language: "vi", Road: "a\nb"}} {
		if err := notice.Write(&bytes.Buffer{}, n); camera.CodeOf(err) != camera.CodeBadRequest {
			t.Errorf("%+v: %v", n, err)
		}
	}
}
