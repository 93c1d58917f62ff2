package shardmap

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"sort"
	"strconv"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/internal/catalog"
)

// Load reads the shard map in a file.
func Load(path string) (*Map, error) {
	f, err := os.Open(path)
	if err != nil {
		code := core.Invalid
		if os.IsNotExist(err) {
			code = core.NotFound
		}
		return nil, core.Errorf(code, "shardmap", path, "%w", err)
	}
	defer f.Close() //nolint:errcheck // only read
	return read(path, f)
}

// Parse reads a shard map; errors call it name.
func Parse(name string, data []byte) (*Map, error) { return read(name, bytes.NewReader(data)) }

// read reads a shard map from a stream; errors call it name and give the line and byte of what is wrong. Memory is
// about that of the distinct granules, however many shards repeat them.
func read(name string, r io.Reader) (*Map, error) {
	m, lines := &Map{}, &lineReader{r: r}
	rd := &reader{name: name, lines: lines, dec: json.NewDecoder(lines), pool: pool{m: m, last: map[string]pooled{}}, seen: map[string]bool{}}
	if err := rd.object(m); err != nil {
		return nil, err
	}
	if _, err := rd.dec.Token(); !errors.Is(err, io.EOF) {
		return nil, rd.fail(nil, "text after the end of the map")
	}
	for _, k := range []string{"grid_signature", "shard_keys", "granules"} {
		if !rd.seen[k] {
			return nil, core.Errorf(core.Invalid, "shardmap", name, "%q is missing; is this a shard map?", k)
		}
	}
	if err := m.Check(); err != nil {
		return nil, core.Wrap(err, "", name)
	}
	return m, nil
}

// A lineReader counts lines. It keeps where they begin only for what the decoder has not consumed.
type lineReader struct {
	r      io.Reader
	at     int64
	done   int64   // the decoder's place: what is before it is only counted
	before int     // newlines before done
	starts []int64 // offset after each newline since
}

func (l *lineReader) Read(p []byte) (int, error) {
	passed := sort.Search(len(l.starts), func(i int) bool { return l.starts[i] > l.done })
	l.before += passed
	l.starts = append(l.starts[:0], l.starts[passed:]...)
	n, err := l.r.Read(p)
	for i, c := range p[:n] {
		if c == '\n' {
			l.starts = append(l.starts, l.at+int64(i)+1)
		}
	}
	l.at += int64(n)
	return n, err
}

// line is the line, from 1, of a byte not before done.
func (l *lineReader) line(offset int64) int {
	return 1 + l.before + sort.Search(len(l.starts), func(i int) bool { return l.starts[i] > offset })
}

type reader struct {
	name  string
	lines *lineReader
	dec   *json.Decoder
	pool  pool
	seen  map[string]bool
}

// fail is an error at the decoder's place, or where exactly the text stops being JSON.
func (r *reader) fail(err error, format string, args ...any) error {
	if e, ok := errors.AsType[*core.Error](err); ok && e.Op == "shardmap" {
		return err
	}
	code, offset := core.Invalid, r.dec.InputOffset()
	if _, ok := errors.AsType[*json.SyntaxError](err); ok {
		code, offset = core.Corrupt, offset+r.syntaxOffset()
	} else if errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF) {
		code, offset, err = core.Corrupt, r.lines.at, errors.New("the file ends in the middle")
	}
	subject := r.name + ":" + strconv.Itoa(r.lines.line(offset))
	text := fmt.Sprintf(format, args...)
	if err != nil {
		return core.Errorf(code, "shardmap", subject, "%s: %w (byte %d)", text, err, offset)
	}
	return core.Errorf(code, "shardmap", subject, "%s (byte %d)", text, offset)
}

// syntaxOffset finds the bad byte of the value that the decoder could not read; a decoder's own count leaves out
// what was read by tokens.
func (r *reader) syntaxOffset() int64 {
	rest, _ := io.ReadAll(r.dec.Buffered()) // from memory
	value := bytes.TrimLeft(rest, " \t\r\n,:")
	offset := int64(len(rest) - len(value))
	if e, ok := errors.AsType[*json.SyntaxError](json.Unmarshal(value, &json.RawMessage{})); ok {
		offset += max(e.Offset-1, 0)
	}
	return offset
}

// object reads the members of the map.
func (r *reader) object(m *Map) error {
	if err := r.open('{', "a shard map"); err != nil {
		return err
	}
	for r.dec.More() {
		tok, err := r.dec.Token()
		if err != nil {
			return r.fail(err, "reading the map")
		}
		member, _ := tok.(string)
		if r.seen[member] {
			return r.fail(nil, "%q is given twice", member)
		}
		r.seen[member] = true
		if err := r.member(m, member); err != nil {
			return err
		}
	}
	return r.end("the map")
}

func (r *reader) member(m *Map, member string) error {
	switch member {
	case "metadata":
		return r.raw(member, '{', &m.Metadata)
	case "grid_signature":
		return r.raw(member, '{', &m.GridSignature)
	case "shard_keys":
		return r.array(member, func() error {
			var k core.ShardKey
			err := r.decode(&k, "%s[%d]", member, len(m.Keys))
			m.Keys = append(m.Keys, k)
			return err
		})
	case "granules":
		return r.array(member, func() error {
			list, err := r.list(len(m.Granules))
			m.Granules = append(m.Granules, list)
			return err
		})
	case "aoi_mask":
		return r.array(member, func() error {
			var v json.RawMessage
			err := r.decode(&v, "%s[%d]", member, len(m.AOIMask))
			m.AOIMask = append(m.AOIMask, v)
			return err
		})
	}
	var v json.RawMessage
	err := r.decode(&v, "%s", member)
	if m.Extra == nil {
		m.Extra = map[string]json.RawMessage{}
	}
	m.Extra[member] = v
	return err
}

func (r *reader) decode(v any, what string, args ...any) error {
	if err := r.dec.Decode(v); err != nil {
		return r.fail(err, what, args...)
	}
	r.lines.done = r.dec.InputOffset()
	return nil
}

// raw reads a value as it is and checks how it begins.
func (r *reader) raw(member string, first byte, to *json.RawMessage) error {
	if err := r.decode(to, "%s", member); err != nil {
		return err
	}
	if (*to)[0] != first {
		return r.fail(nil, "%s is not an object", member)
	}
	return nil
}

func (r *reader) open(want json.Delim, what string) error {
	tok, err := r.dec.Token()
	if err != nil {
		return r.fail(err, "%s", what)
	}
	if tok != want {
		return r.fail(nil, "%s must begin with %s", what, want)
	}
	return nil
}

func (r *reader) end(what string) error {
	if _, err := r.dec.Token(); err != nil {
		return r.fail(err, "%s", what)
	}
	return nil
}

func (r *reader) array(what string, item func() error) error {
	if err := r.open('[', what); err != nil {
		return err
	}
	for r.dec.More() {
		if err := item(); err != nil {
			return err
		}
	}
	return r.end(what)
}

// list reads the granules of one shard.
func (r *reader) list(shard int) ([]*catalog.Entry, error) {
	list := []*catalog.Entry{}
	err := r.array("granules["+strconv.Itoa(shard)+"]", func() error {
		var rec record
		if err := r.decode(&rec, "granules[%d][%d]", shard, len(list)); err != nil {
			return err
		}
		list = append(list, r.pool.entry(&rec))
		return nil
	})
	return list, err
}
