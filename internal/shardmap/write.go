package shardmap

import (
	"bufio"
	"bytes"
	"encoding/json"
	"io"
	"maps"
	"slices"
	"strconv"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/internal/catalog"
)

// Write writes the map with shards in key order, indented by two spaces: the same map, the same bytes.
func (m *Map) Write(w io.Writer) error {
	if err := m.Check(); err != nil {
		return err
	}
	sorted := *m
	sorted.Sort()
	b := &writer{w: bufio.NewWriterSize(w, 1<<16), of: m, granules: map[*catalog.Entry][]byte{}}
	b.text("{")
	sep := ""
	member := func(name string, value func()) {
		b.text(sep + "\n  ")
		b.value(name, "")
		b.text(": ")
		value()
		sep = ","
	}
	raw := func(v json.RawMessage) func() { return func() { b.value(v, "  ") } }
	member("metadata", raw(orEmpty(m.Metadata)))
	member("grid_signature", raw(orEmpty(m.GridSignature)))
	member("shard_keys", func() { list(b, "  ", sorted.Keys, func(k core.ShardKey) { b.value(k, "    ") }) })
	member("granules", func() {
		list(b, "  ", sorted.Granules, func(g []*catalog.Entry) {
			list(b, "    ", g, b.granule)
		})
	})
	if m.AOIMask != nil {
		member("aoi_mask", func() { list(b, "  ", sorted.AOIMask, func(v json.RawMessage) { b.value(v, "    ") }) })
	}
	for _, name := range slices.Sorted(maps.Keys(m.Extra)) {
		member(name, raw(m.Extra[name]))
	}
	b.text("\n}")
	if b.err == nil {
		b.err = b.w.Flush()
	}
	return b.err
}

func orEmpty(v json.RawMessage) json.RawMessage {
	if len(v) == 0 {
		return json.RawMessage("{}")
	}
	return v
}

// A writer keeps the first error.
type writer struct {
	w        *bufio.Writer
	err      error
	of       *Map
	granules map[*catalog.Entry][]byte // as they are written
}

// granule writes one of a shard. Most are repeated from shard to shard.
func (b *writer) granule(e *catalog.Entry) {
	text, ok := b.granules[e]
	if !ok {
		text = b.encode(b.of.record(e), "      ")
		b.granules[e] = text
	}
	if b.err == nil {
		_, b.err = b.w.Write(text)
	}
}

func (b *writer) text(s string) {
	if b.err == nil {
		_, b.err = b.w.WriteString(s)
	}
}

// value writes v as JSON whose further lines begin with prefix.
func (b *writer) value(v any, prefix string) {
	if text := b.encode(v, prefix); b.err == nil {
		_, b.err = b.w.Write(text)
	}
}

// encode is v as JSON whose further lines begin with prefix; <, > and & stay as they are.
func (b *writer) encode(v any, prefix string) []byte {
	if b.err != nil {
		return nil
	}
	var flat, out bytes.Buffer
	enc := json.NewEncoder(&flat)
	enc.SetEscapeHTML(false)
	if b.err = enc.Encode(v); b.err != nil {
		return nil
	}
	b.err = json.Indent(&out, bytes.TrimRight(flat.Bytes(), "\n"), prefix, "  ")
	return out.Bytes()
}

func list[T any](b *writer, prefix string, items []T, item func(T)) {
	if len(items) == 0 {
		b.text("[]")
		return
	}
	for i, v := range items {
		if i == 0 {
			b.text("[")
		} else {
			b.text(",")
		}
		b.text("\n" + prefix + "  ")
		item(v)
	}
	b.text("\n" + prefix + "]")
}

// SameSignature compares two grid signatures member by member. Spelling does not count: 10 is 10.0, and members may
// stand in any order. diff names the first member that differs ("type" before the rest, which are in alphabetical
// order), with a's and b's value.
func SameSignature(a, b json.RawMessage) (ok bool, diff string) {
	x, errA := members(a)
	y, errB := members(b)
	if errA != nil || errB != nil {
		return false, "a grid signature is not a JSON object"
	}
	names := slices.Collect(maps.Keys(x))
	for name := range y {
		if _, both := x[name]; !both {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	if i := slices.Index(names, "type"); i > 0 {
		names = slices.Insert(slices.Delete(names, i, i+1), 0, "type")
	}
	for _, name := range names {
		p, q := x[name], y[name]
		if p == "" {
			p = "absent"
		}
		if q == "" {
			q = "absent"
		}
		if p != q {
			return false, name + ": " + p + " and " + q
		}
	}
	return true, ""
}

// members are the members of an object in canonical JSON.
func members(raw json.RawMessage) (map[string]string, error) {
	dec := json.NewDecoder(bytes.NewReader(raw))
	dec.UseNumber()
	var v map[string]any
	if err := dec.Decode(&v); err != nil {
		return nil, err
	}
	out := make(map[string]string, len(v))
	for name, m := range v {
		text, err := json.Marshal(canonical(m))
		if err != nil {
			return nil, err
		}
		out[name] = string(text)
	}
	return out, nil
}

// canonical replaces numbers by one spelling: integers keep their digits, others are shortest float64.
func canonical(v any) any {
	switch t := v.(type) {
	case map[string]any:
		for k := range t {
			t[k] = canonical(t[k])
		}
	case []any:
		for i := range t {
			t[i] = canonical(t[i])
		}
	case json.Number:
		if _, err := strconv.ParseInt(t.String(), 10, 64); err == nil && t != "-0" {
			return t
		}
		if _, err := strconv.ParseUint(t.String(), 10, 64); err == nil {
			return t
		}
		if f, err := t.Float64(); err == nil {
			return f + 0 // no negative zero
		}
	}
	return v
}
