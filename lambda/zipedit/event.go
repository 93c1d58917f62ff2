package zipedit

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/englacial/zagg/core"
)

// An event is what is asked for.
type event struct {
	src     string
	changes []change // in the order of the event
}

// A change is what becomes of one name: data, what is at an address, or with neither nothing.
type change struct {
	name string
	data []byte
	from string
}

// parse reads an event. Names that nobody knows are refused: one may be a mistyped one of those that are.
func parse(text []byte) (*event, error) {
	e := &event{}
	seen := map[string]bool{}
	err := members(text, func(name string, value json.RawMessage) error {
		seen[name] = true
		switch name {
		case "src":
			return e.readSrc(value)
		case "changes":
			return e.readChanges(value)
		}
		return fmt.Errorf("%q: there is no such member; have src, changes", name)
	})
	switch {
	case err != nil:
	case !seen["src"]:
		err = errors.New(`"src" is missing: the address of the zip, "s3://bucket/key"`)
	case !seen["changes"]:
		err = errors.New(`"changes" is missing: an object of contents by name`)
	}
	if err != nil {
		return nil, core.Errorf(core.Invalid, "event", "", "%w", err)
	}
	return e, nil
}

func (e *event) readSrc(value json.RawMessage) error {
	var src *string
	if json.Unmarshal(value, &src) != nil || src == nil {
		return fmt.Errorf(`"src" is %s; want a text, "s3://bucket/key"`, kind(value))
	}
	e.src = *src
	return nil
}

func (e *event) readChanges(value json.RawMessage) error {
	if kind(value) != "an object" {
		return fmt.Errorf(`"changes" is %s; want an object of contents by name`, kind(value))
	}
	return members(value, func(name string, value json.RawMessage) error {
		c := change{name: name}
		if err := c.read(value); err != nil {
			return fmt.Errorf(`"changes": %q %w`, name, err)
		}
		e.changes = append(e.changes, c)
		return nil
	})
}

func (c *change) read(value json.RawMessage) error {
	switch kind(value) {
	case "null":
		return nil
	case "a text":
		var text string
		err := json.Unmarshal(value, &text)
		c.data = append([]byte{}, text...)
		return err
	case "an object":
		return c.readOther(value)
	}
	return fmt.Errorf(`is %s; want a text, null, {"base64": …} or {"s3": …}`, kind(value))
}

func (c *change) readOther(value json.RawMessage) error {
	n := 0
	err := members(value, func(name string, value json.RawMessage) (err error) {
		n++
		var text *string
		if json.Unmarshal(value, &text) != nil || text == nil {
			return fmt.Errorf("has a %q that is %s; want a text", name, kind(value))
		}
		switch name {
		case "base64":
			if c.data, err = base64.StdEncoding.DecodeString(*text); err != nil {
				return fmt.Errorf("has a base64 that cannot be decoded: %w", err)
			}
			return nil
		case "s3":
			c.from = *text
			if c.from == "" {
				return errors.New("has an empty s3; want an address")
			}
			return nil
		}
		return fmt.Errorf("has a %q; have base64, s3", name)
	})
	if err == nil && n != 1 {
		err = errors.New("wants one of base64 and s3")
	}
	return err
}

// members visits the members of a JSON object in their order; one that is there twice is an error.
func members(text []byte, visit func(name string, value json.RawMessage) error) error {
	d := json.NewDecoder(bytes.NewReader(text))
	if t, err := d.Token(); err != nil || t != json.Delim('{') {
		return errors.New("want a JSON object")
	}
	seen := map[string]bool{}
	for d.More() {
		t, err := d.Token()
		if err != nil {
			return err
		}
		name, _ := t.(string)
		if seen[name] {
			return fmt.Errorf("%q is there twice", name)
		}
		seen[name] = true
		var value json.RawMessage
		if err := d.Decode(&value); err != nil {
			return err
		}
		if err := visit(name, value); err != nil {
			return err
		}
	}
	if _, err := d.Token(); err != nil {
		return err
	}
	if _, err := d.Token(); err != io.EOF {
		return errors.New("there is more than one JSON value")
	}
	return nil
}

// kind is what a JSON value is, in words.
func kind(value json.RawMessage) string {
	switch text := strings.TrimSpace(string(value)); {
	case text == "null":
		return "null"
	case strings.HasPrefix(text, `"`):
		return "a text"
	case strings.HasPrefix(text, "{"):
		return "an object"
	case strings.HasPrefix(text, "["):
		return "a list"
	default:
		return text
	}
}
