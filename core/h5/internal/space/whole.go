package space

import (
	"slices"
	"strconv"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/core/h5/internal/cursor"
)

// Truncated is the error of a file of have bytes that was written with want.
func Truncated(have, want int64) error {
	return cursor.Corrupt("file", have, "is truncated: it has %s bytes, the header says %s", thousands(have), thousands(want))
}

// thousands groups digits, so that the lengths of files can be compared by eye.
func thousands(n int64) string {
	s := strconv.FormatInt(n, 10)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

// Met is the file's size if an answer ended before what was asked for; -1: none did.
func (s *Space) Met() int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.met
}

// untestedEnd is the file's last byte, where reading values would not notice that it is missing: the tail that is to be read
// along with the next request for metadata has not been, and there may never be such a request.
func (s *Space) untestedEnd() []core.Range {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.Whole || s.hint == nil || s.tested {
		return nil
	}
	s.tested = true
	return []core.Range{{Offset: s.Size - 1, Length: 1}}
}

// A Patch is bytes that take the place of the file's from offset Off.
type Patch struct {
	Off  int64
	Data []byte
}

// Overlay has bytes of the file, also those read already, replaced by patches, of which the last wins. It must be called
// before anything else reads.
func (s *Space) Overlay(patches []Patch) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.over = patches
	for _, g := range s.segs {
		g.data = s.patched(g.off, g.data)
	}
}

// patched is the bytes at offset off with what replaces them; b itself stays as it is.
func (s *Space) patched(off int64, b []byte) []byte {
	own := false
	for _, p := range s.over {
		lo, hi := max(off, p.Off), min(off+int64(len(b)), p.Off+int64(len(p.Data)))
		if lo >= hi {
			continue
		}
		if !own {
			b, own = slices.Clone(b), true
		}
		copy(b[lo-off:hi-off], p.Data[lo-p.Off:])
	}
	return b
}
