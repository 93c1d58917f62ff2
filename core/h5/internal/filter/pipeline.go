// Package filter undoes the filters of chunks and heap blocks (HDF5 File Format Specification 3.0, section IV.A.2.l).
package filter

import (
	"fmt"
	"slices"
	"strings"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/core/h5/internal/cursor"
)

// The filters' numbers, as registered with The HDF Group.
const (
	Deflate     = 1
	Shuffle     = 2
	Fletcher32  = 3
	Szip        = 4
	NBit        = 5
	ScaleOffset = 6
	LZF         = 32000
)

const (
	maxFilters = 32
	maxParams  = 1 << 12
)

// A Stage is one filter of a pipeline with its parameters.
type Stage struct {
	ID       int
	Name     string
	Optional bool
	Params   []uint32
}

// A Decoder undoes a filter: it fills dst from src and returns how many bytes it wrote. It reports an error where dst is
// too small, src is damaged or a parameter is not understood, and never keeps either slice.
type Decoder func(dst, src []byte, params []uint32) (int, error)

// A Pipeline is the filters in the order in which they were applied.
type Pipeline struct {
	Stages []Stage
	Custom map[int]Decoder // read only
}

// Parse reads a filter pipeline message.
func Parse(c *cursor.Cursor, custom map[int]Decoder) (Pipeline, error) {
	v := c.Version(1, 2)
	n := int(c.U8())
	if v == 1 {
		c.Skip(6)
	}
	if n > maxFilters {
		c.Fail("has %d filters", n)
	}
	p := Pipeline{Custom: custom}
	for i := 0; i < n && c.Err() == nil; i++ {
		p.Stages = append(p.Stages, stage(c, v))
	}
	return p, c.Err()
}

func stage(c *cursor.Cursor, version uint8) Stage {
	s := Stage{ID: int(c.U16())}
	named := 0
	if version == 1 || s.ID >= 256 {
		named = int(c.U16())
	}
	s.Optional = c.U16()&1 != 0
	n := int(c.U16())
	if version == 1 {
		named = (named + 7) &^ 7
	}
	s.Name = strings.TrimRight(string(c.Bytes(named)), "\x00")
	if n > maxParams {
		c.Fail("filter %d has %d parameters", s.ID, n)
		return s
	}
	for range n {
		s.Params = append(s.Params, c.U32())
	}
	if version == 1 && n%2 == 1 {
		c.Skip(4)
	}
	return s
}

// Supported is an error for the first filter that cannot be undone.
func (p Pipeline) Supported() error {
	for _, s := range p.Stages {
		if _, ok := p.Custom[s.ID]; !ok && !builtin(s.ID) {
			return core.Errorf(core.Unsupported, "", "", "filter %d%s is not registered", s.ID, nameOf(s))
		}
	}
	return nil
}

func nameOf(s Stage) string {
	known := map[int]string{Szip: "szip", 307: "bzip2", 32001: "blosc", 32004: "lz4", 32008: "bitshuffle", 32013: "zfp", 32015: "zstd", 32026: "blosc2"}
	if n := strings.TrimSpace(s.Name); n != "" {
		return fmt.Sprintf(" (%q)", n)
	}
	if n := known[s.ID]; n != "" {
		return " (" + n + ")"
	}
	return ""
}

func builtin(id int) bool {
	return slices.Contains([]int{Deflate, Shuffle, Fletcher32, NBit, ScaleOffset, LZF}, id)
}

func idName(id int) string {
	switch id {
	case Deflate:
		return "deflate"
	case Shuffle:
		return "shuffle"
	case NBit:
		return "n-bit"
	case ScaleOffset:
		return "scale-offset"
	case LZF:
		return "lzf"
	}
	return fmt.Sprintf("filter %d", id)
}

// room is how many bytes stage i may give, and whether these are the chunk itself: what is before it in the pipeline
// may have added to the chunk.
func (p Pipeline) room(i int, mask uint32, size int) (int, bool) {
	room, last := size, true
	for j := range i {
		if mask>>j&1 == 0 {
			last = false
			if p.Stages[j].ID != Shuffle {
				room += size/8 + 4096 // compressors add little to what they cannot compress
			}
		}
	}
	return room, last
}

// decode undoes a stage other than deflate.
func (p Pipeline) decode(st Stage, dst, src []byte) (int, error) {
	if d, ok := p.Custom[st.ID]; ok {
		n, err := d(dst, src, st.Params)
		if err == nil && (n < 0 || n > len(dst)) {
			err = fmt.Errorf("decoder reports %d bytes of %d", n, len(dst))
		}
		return n, err
	}
	switch st.ID {
	case Shuffle:
		return unshuffle(dst, src, st.Params)
	case NBit:
		return nbit(dst, src, st.Params)
	case ScaleOffset:
		return scaleOffset(dst, src, st.Params)
	case LZF:
		return lzf(dst, src)
	}
	return 0, core.Errorf(core.Unsupported, "", "", "is not registered")
}
