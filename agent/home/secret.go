package home

import (
	"fmt"
	"io"
	"log/slog"
)

// Secret is a password. Every way of printing or encoding it shows hidden and
// nothing else; Reveal gives it out. The text is behind a pointer so that printers
// that look into fields by reflection, where no method is called, find an address.
type Secret struct{ text *string }

const hidden = "•••"

// Hide makes a Secret; the zero Secret is the empty one.
func Hide(text string) Secret {
	if text == "" {
		return Secret{}
	}
	return Secret{&text}
}

// Reveal is the password itself: for the one place that sends it to a recorder.
func (s Secret) Reveal() string {
	if s.text == nil {
		return ""
	}
	return *s.text
}

func (s Secret) String() string {
	if s.text == nil {
		return ""
	}
	return hidden
}

// GoString hides it from %#v.
func (s Secret) GoString() string { return s.String() }

// Format hides it from every verb.
func (s Secret) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, s.String()) }

// LogValue hides it from slog.
func (s Secret) LogValue() slog.Value { return slog.StringValue(s.String()) }

// MarshalText hides it from JSON, XML and YAML.
func (s Secret) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// MarshalBinary hides it from gob.
func (s Secret) MarshalBinary() ([]byte, error) { return []byte(s.String()), nil }
