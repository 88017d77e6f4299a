package onvif

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"unicode"

	camera "xulang.vn/camera"
)

// Limits of a document.
const (
	deepest      = 40
	mostElements = 20000
	mostLines    = 20000
)

var errDocument = errors.New("document with a type definition, too deep or too long")

// decode reads an XML document of at most 1 MiB, 40 levels and 20,000 elements.
// encoding/xml fetches nothing and knows no entity but the five; a document type
// is refused all the same, as SOAP does (SOAP 1.2 part 1, section 5).
func decode(data []byte, into any) error {
	if len(data) > mostBody {
		return errDocument
	}
	if err := measureDocument(data); err != nil {
		return err
	}
	if err := reader(data).Decode(into); err != nil {
		return fmt.Errorf("read document: %w", err)
	}
	return nil
}

func measureDocument(data []byte) error {
	depth, elements := 0, 0
	for d := reader(data); ; {
		token, err := d.RawToken()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("read document: %w", err)
		}
		switch token.(type) {
		case xml.StartElement:
			depth, elements = depth+1, elements+1
		case xml.EndElement:
			depth--
		case xml.Directive:
			return errDocument
		}
		if depth > deepest || elements > mostElements {
			return errDocument
		}
	}
}

// reader takes documents in other encodings than UTF-8 for ASCII: names in GB2312
// lose their letters, nothing else.
func reader(data []byte) *xml.Decoder {
	d := xml.NewDecoder(bytes.NewReader(data))
	d.CharsetReader = func(_ string, in io.Reader) (io.Reader, error) {
		all, err := io.ReadAll(in)
		if err != nil {
			return nil, fmt.Errorf("read document: %w", err)
		}
		for i, b := range all {
			if b >= 0x80 {
				all[i] = '?'
			}
		}
		return bytes.NewReader(all), nil
	}
	return d
}

// pairs reads "key=value" lines, as Dahua's HTTP API answers (HTTP API, "HTTP API
// Transaction").
func pairs(data []byte) (map[string]string, error) {
	all := map[string]string{}
	lines := 0
	for line := range strings.Lines(string(data)) {
		if lines++; lines > mostLines {
			return nil, camera.Errorf(camera.CodeBadRequest, "device's answer has more than %d lines", mostLines)
		}
		if key, value, ok := strings.Cut(strings.TrimSpace(line), "="); ok {
			all[strings.TrimSpace(key)] = strings.TrimSpace(value)
		}
	}
	return all, nil
}

// indexed splits "table.ChannelTitle[3].Name" into 3 when it has these ends.
func indexed(key, before, after string) (int, bool) {
	rest, ok := strings.CutPrefix(key, before)
	if !ok {
		return 0, false
	}
	rest, ok = strings.CutSuffix(rest, after)
	if !ok || len(rest) < 3 || rest[0] != '[' || rest[len(rest)-1] != ']' {
		return 0, false
	}
	n, err := strconv.Atoi(rest[1 : len(rest)-1])
	return n, err == nil && n >= 0
}

// clean makes a device's text fit to be shown: one line of valid UTF-8 and at most
// 100 bytes.
func clean(s string) string {
	s = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || r == unicode.ReplacementChar {
			return -1
		}
		return r
	}, strings.ToValidUTF8(s, ""))
	return short(strings.TrimSpace(s))
}

func short(s string) string {
	if len(s) > mostText {
		s = strings.ToValidUTF8(s[:mostText], "")
	}
	return s
}

// number reads a whole number within limits; 0 when it is none.
func number(s string, least, most int) int {
	n, err := strconv.Atoi(strings.TrimSpace(s))
	if err != nil || n < least || n > most {
		return 0
	}
	return n
}
