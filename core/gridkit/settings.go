package gridkit

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/core/spelling"
)

// Settings are the members of a grid's configuration, an object of JSON that is read strictly: keys that are known, each at most
// once, and nothing after the object. A key that is null counts as absent. What is read after something was wrong is not looked at:
// Err has the first error, core.Invalid unless it was given to Fail, which names the key.
type Settings struct {
	op   string
	keys map[string]json.RawMessage
	err  error
}

// Read splits a configuration. op begins the errors ("healpix config"); wants says what the object is for, in the error of one
// that is none ("parent_order and child_order"); short are further spellings of keys, by what they stand for.
func Read(op string, config core.Config, wants string, known []string, short map[string]string) *Settings {
	s := &Settings{op: op, keys: map[string]json.RawMessage{}}
	s.err = s.read(config, wants, known, short)
	return s
}

func (s *Settings) read(config core.Config, wants string, known []string, short map[string]string) error {
	d := json.NewDecoder(bytes.NewReader(config))
	if t, err := d.Token(); err != nil || t != json.Delim('{') {
		return s.Bad("", "want a JSON object with %s, have %.60q", wants, string(config))
	}
	seen := map[string]bool{}
	for d.More() {
		t, err := d.Token()
		if err != nil {
			return s.Bad("", "not JSON: %w", err)
		}
		given, _ := t.(string)
		var value json.RawMessage
		if err := d.Decode(&value); err != nil {
			return s.Bad(given, "not JSON: %w", err)
		}
		key := given
		if full, ok := short[given]; ok {
			key = full
		}
		switch {
		case !slices.Contains(known, key):
			return s.Bad(given, "no such key; %s", meant(given, known))
		case seen[key]:
			return s.Bad(key, "given twice")
		}
		seen[key] = true
		if string(value) != "null" {
			s.keys[key] = value
		}
	}
	if _, err := d.Token(); err != nil {
		return s.Bad("", "not JSON: %w", err)
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return s.Bad("", "something follows the JSON object")
	}
	return nil
}

// Err is the first error.
func (s *Settings) Err() error { return s.err }

// Bad is an error about a key. It is not kept.
func (s *Settings) Bad(key, format string, args ...any) error {
	return core.Errorf(core.Invalid, s.op, key, format, args...)
}

// Fail keeps an error, if it is one and the first.
func (s *Settings) Fail(err error) {
	if s.err == nil {
		s.err = err
	}
}

// Get is a key's value; nil where it is absent, and where something was wrong.
func (s *Settings) Get(key string) json.RawMessage {
	if s.err != nil {
		return nil
	}
	return s.keys[key]
}

// Set gives a key a value, as if it had been read.
func (s *Settings) Set(key string, value json.RawMessage) { s.keys[key] = value }

// OneOf refuses text that is not among values.
func (s *Settings) OneOf(key string, values ...string) {
	raw := s.Get(key)
	if raw == nil || slices.ContainsFunc(values, func(v string) bool { return string(raw) == `"`+v+`"` }) {
		return
	}
	s.Fail(s.Bad(key, "%.60s is not possible; have %s", raw, strings.Join(values, ", ")))
}

// Is reports whether a key is a text.
func (s *Settings) Is(key, value string) bool { return string(s.Get(key)) == `"`+value+`"` }

// Whole reads a whole number from 0 to most; what names it, with its article ("an order"). It is left alone where the key is absent,
// which is an error if it is needed.
func (s *Settings) Whole(key, what string, most int, into *int, needed bool) {
	raw := s.Get(key)
	if raw == nil {
		if needed {
			s.Fail(s.Bad(key, "missing; want %s, 0 to %d", what, most))
		}
		return
	}
	var n int
	if err := json.Unmarshal(raw, &n); err != nil || n < 0 || n > most {
		s.Fail(s.Bad(key, "%.60s is not %s, a whole number from 0 to %d", raw, what, most))
		return
	}
	*into = n
}

// Bool reads true or false.
func (s *Settings) Bool(key string, into *bool) {
	raw := s.Get(key)
	if raw != nil && json.Unmarshal(raw, into) != nil {
		s.Fail(s.Bad(key, "%.60s is neither true nor false", raw))
	}
}

// meant lists the known keys, and before them the one that is most like the one given, if one is.
func meant(given string, known []string) string {
	have := "have " + strings.Join(known, ", ")
	best := slices.MinFunc(known, func(a, b string) int { return spelling.Distance(given, a) - spelling.Distance(given, b) })
	if 2*spelling.Distance(given, best) > len(best) {
		return have
	}
	return fmt.Sprintf("did you mean %q? H%s", best, have[1:])
}
