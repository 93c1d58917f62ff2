// Package secret is text that is hidden however it is printed, logged or marshalled.
package secret

import (
	"encoding/json"
	"fmt"
	"log/slog"
)

const redacted = "[redacted]"

// A Text prints and marshals as "[redacted]", whatever prints it. Reveal alone gives what it is.
type Text string

var (
	_ fmt.Formatter  = Text("")
	_ slog.LogValuer = Text("")
	_ json.Marshaler = Text("")
)

// Reveal is the text.
func (s Text) Reveal() string { return string(s) }

// String is "[redacted]", or "" for an empty secret.
func (s Text) String() string {
	if s == "" {
		return ""
	}
	return redacted
}

// Format writes String for every verb.
func (s Text) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte(s.String())) }

// LogValue is String.
func (s Text) LogValue() slog.Value { return slog.StringValue(s.String()) }

// MarshalJSON writes String.
func (s Text) MarshalJSON() ([]byte, error) { return json.Marshal(s.String()) }

// MarshalText writes String.
func (s Text) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// UnmarshalText keeps the text.
func (s *Text) UnmarshalText(b []byte) error { *s = Text(b); return nil }
