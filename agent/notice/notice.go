// Package notice makes the sheet for the gate: people who pass have to be told that a
// camera sees the road (law 91/2025/QH15; to be confirmed by a lawyer). One page, A4,
// readable from the road, black on white for any printer.
package notice

import (
	"fmt"
	"io"
	"strings"
	"time"

	"codeberg.org/go-pdf/fpdf"
	"github.com/go-fonts/dejavu/dejavusans"
	"github.com/go-fonts/dejavu/dejavusansbold"

	camera "xulang.vn/camera"
)

// Notice is what stands on the sheet. Empty lines are left out.
type Notice struct {
	Household string // as the commune calls it
	Commune   string // who runs the hub
	Road      string // the road that is seen
	Contact   string
	Language  string // "vi" or "en"
}

// textMost is the longest line of somebody's own words, in letters.
const textMost = 120

// words are in both languages: the other one stands small below.
type words struct{ title, sub, see, purpose, keep, rights, house, commune, contact string }

var texts = map[string]words{
	"vi": {
		title: "KHU VỰC CÓ CAMERA", sub: "Camera này nhìn thấy đoạn đường trước nhà", see: "Đoạn đường",
		purpose: "Mục đích: giữ gìn an ninh trật tự, tìm kiếm người và tài sản bị mất. Hình chỉ được xem khi có vụ việc, và mỗi lần xem đều được ghi lại.",
		keep:    "Không nhận dạng khuôn mặt. Hình tự xóa sau thời hạn lưu giữ.",
		rights:  "Người có hình trong đó có quyền hỏi và yêu cầu theo luật bảo vệ dữ liệu cá nhân.",
		house:   "Hộ gia đình", commune: "Mô hình Camera an ninh Xứ Lạng", contact: "Liên hệ",
	},
	"en": {
		title: "CAMERA IN USE", sub: "This camera sees the road in front of the house", see: "Road",
		purpose: "Purpose: public order and safety, and finding people and property that are missing. Footage is looked at for a case only, and every look is written down.",
		keep:    "No face recognition. Footage is erased when its term ends.",
		rights:  "Whoever is in a picture may ask and object under the law on personal data.",
		house:   "Household", commune: "Camera an ninh Xứ Lạng", contact: "Contact",
	},
}

// Write makes the PDF. CodeBadRequest for an unknown language or over-long texts.
func Write(w io.Writer, n Notice) error {
	t, ok := texts[n.Language]
	if !ok {
		return camera.Errorf(camera.CodeBadRequest, "make notice: language %q", n.Language)
	}
	for _, text := range []string{n.Household, n.Commune, n.Road, n.Contact} {
		if len([]rune(text)) > textMost || strings.ContainsFunc(text, func(r rune) bool { return r < ' ' }) {
			return camera.Errorf(camera.CodeBadRequest, "make notice: a line is over %d letters or has breaks", textMost)
		}
	}
	p := fpdf.New("P", "mm", "A4", "")
	p.SetCatalogSort(true) // the same words make the same file
	p.SetCreationDate(time.Unix(0, 0).UTC())
	p.SetModificationDate(time.Unix(0, 0).UTC())
	p.SetTitle(t.title, true)
	p.SetLang(n.Language)
	p.AddUTF8FontFromBytes("sans", "", dejavusans.TTF)
	p.AddUTF8FontFromBytes("sans", "B", dejavusansbold.TTF)
	p.SetMargins(18, 18, 18)
	p.SetAutoPageBreak(false, 0)
	p.AddPage()
	sheet{p, n, t}.draw()
	if err := p.Output(w); err != nil {
		return fmt.Errorf("make notice: %w", err)
	}
	return nil
}

// sheet draws. All lengths are millimetres on A4 (210 × 297).
type sheet struct {
	*fpdf.Fpdf
	n Notice
	t words
}

func (s sheet) draw() {
	s.SetLineWidth(1.6)
	s.Rect(10, 10, 190, 277, "D")
	s.lens(105, 62)
	s.SetY(112)
	s.centred("B", 40, 17, s.t.title)
	s.Ln(4)
	s.centred("", 21, 10, s.t.sub)
	if s.n.Road != "" {
		s.Ln(3)
		s.centred("B", 18, 9, s.t.see+": "+s.n.Road)
	}
	s.Ln(9)
	for _, text := range []string{s.t.purpose, s.t.keep, s.t.rights} {
		s.centred("", 14.5, 7.5, text)
		s.Ln(3)
	}
	s.foot()
}

// lens is the sign itself: a camera, drawn, so that no letter is needed to know it.
func (s sheet) lens(x, y float64) {
	s.SetFillColor(0, 0, 0)
	s.RoundedRect(x-40, y-22, 62, 44, 6, "1234", "F")
	s.Polygon([]fpdf.PointType{{X: x + 24, Y: y - 8}, {X: x + 44, Y: y - 20}, {X: x + 44, Y: y + 20}, {X: x + 24, Y: y + 8}}, "F")
	s.SetFillColor(255, 255, 255)
	s.Circle(x-9, y, 14, "F")
	s.SetFillColor(0, 0, 0)
	s.Circle(x-9, y, 8, "F")
	s.SetFillColor(255, 255, 255)
	s.Circle(x-12, y-3, 2.4, "F")
	s.Circle(x+13, y-15, 2, "F")
}

func (s sheet) foot() {
	lines := []string{s.t.commune}
	for _, l := range [][2]string{{s.t.house, s.n.Household}, {"", s.n.Commune}, {s.t.contact, s.n.Contact}} {
		switch {
		case l[1] == "":
		case l[0] == "":
			lines = append(lines, l[1])
		default:
			lines = append(lines, l[0]+": "+l[1])
		}
	}
	s.SetLineWidth(0.4)
	top := 278 - 8*float64(len(lines))
	s.Line(30, top-4, 180, top-4)
	s.SetY(top)
	for i, text := range lines {
		style := ""
		if i == 0 {
			style = "B"
		}
		s.centred(style, 13, 8, text)
	}
}

// centred writes a paragraph in the middle of the sheet; a single line that is too
// wide for it is set smaller.
func (s sheet) centred(style string, points, line float64, text string) {
	s.SetFont("sans", style, points)
	if wide := s.GetStringWidth(text); style == "B" && wide > 172 {
		s.SetFont("sans", style, points*172/wide)
	}
	s.MultiCell(0, line, text, "", "C", false)
}
