package stac

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/englacial/zagg/core"
)

// features takes the items out of a catalog, whatever form it has.
func features(data []byte) ([]json.RawMessage, error) {
	values, err := jsonValues(data)
	switch {
	case err != nil:
		return nil, err
	case len(values) == 0:
		return nil, core.Errorf(core.Invalid, "", "", "the file is empty: it has no STAC items")
	case len(values) == 1 && values[0][0] == '[':
		var list []json.RawMessage
		if err := json.Unmarshal(values[0], &list); err != nil {
			return nil, core.Errorf(core.Corrupt, "", "", "the list does not decode: %w", err)
		}
		return onlyItems(list)
	case len(values) > 1:
		return onlyItems(values)
	}
	return ofPage(values[0])
}

// jsonValues are the JSON values that follow each other.
func jsonValues(data []byte) ([]json.RawMessage, error) {
	data = bytes.TrimPrefix(data, []byte("\xef\xbb\xbf"))
	if bytes.HasPrefix(bytes.TrimSpace(data), []byte{0x1e}) {
		data = bytes.ReplaceAll(data, []byte{0x1e}, []byte{'\n'}) // no character of JSON
	}
	dec := json.NewDecoder(bytes.NewReader(data))
	var out []json.RawMessage
	for {
		var v json.RawMessage
		err := dec.Decode(&v)
		switch {
		case errors.Is(err, io.EOF):
			return out, nil
		case errors.Is(err, io.ErrUnexpectedEOF):
			return nil, core.Errorf(core.Corrupt, "", "", "the JSON ends in the middle, at byte %d: the file is truncated", len(data))
		case err != nil:
			return nil, core.Errorf(core.Corrupt, "", "", "no JSON behind byte %d: %w", dec.InputOffset(), err)
		}
		out = append(out, v)
	}
}

// typeOf is what an object calls itself; "" for what is no object.
func typeOf(v json.RawMessage) string {
	var o struct {
		Type json.RawMessage `json:"type"`
	}
	var text string
	if json.Unmarshal(v, &o) != nil || json.Unmarshal(o.Type, &text) != nil {
		return ""
	}
	return text
}

// onlyItems checks that values are items.
func onlyItems(values []json.RawMessage) ([]json.RawMessage, error) {
	for i, v := range values {
		if t := typeOf(v); t != "Feature" {
			return nil, core.Errorf(core.Invalid, "", "", "value %d of %d is %s, not a STAC item (type Feature)", i, len(values), called(v, t))
		}
	}
	return values, nil
}

// called names a JSON value by its type, or by what it looks like.
func called(v json.RawMessage, typ string) string {
	var keys map[string]json.RawMessage
	switch {
	case typ != "":
		return fmt.Sprintf("of type %.40q", typ)
	case json.Unmarshal(v, &keys) != nil:
		return "no object"
	case keys["shard_keys"] != nil || keys["grid_signature"] != nil:
		return "a shard map, which zagg run reads"
	}
	return "an object without type"
}

// ofPage is the items of a FeatureCollection, or the one that a value is.
func ofPage(v json.RawMessage) ([]json.RawMessage, error) {
	switch t := typeOf(v); t {
	case "Feature":
		return []json.RawMessage{v}, nil
	case "FeatureCollection":
	default:
		return nil, core.Errorf(core.Invalid, "", "", "this is %s, neither FeatureCollection nor Feature: are these STAC items?", called(v, t))
	}
	var p page
	if err := json.Unmarshal(v, &p); err != nil {
		return nil, core.Errorf(core.Corrupt, "", "", "the FeatureCollection does not decode: %w", err)
	}
	if p.next() != nil {
		return nil, core.Errorf(core.Invalid, "", "", "this is one page of a search, and there are more; search again, or join the pages")
	}
	if n, ok := p.matched(); ok && n > len(p.Features) {
		return nil, core.Errorf(core.Invalid, "", "", "it has %d of %d items", len(p.Features), n)
	}
	return p.Features, nil
}
