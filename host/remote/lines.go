package remote

import (
	"bytes"
	"fmt"
	"io"
	"strings"
	"sync"
)

// Bounds of what is kept of a plugin's output.
const (
	tailLines = 12
	lineBytes = 2000
)

// A tail is the last lines that a plugin wrote.
type tail struct {
	mu    sync.Mutex
	lines []string
}

func (t *tail) add(line string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(t.lines) == tailLines {
		t.lines = append(t.lines[:0], t.lines[1:]...)
	}
	t.lines = append(t.lines, line)
}

// String is what an error says of them.
func (t *tail) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(t.lines) == 0 {
		return "; it wrote nothing to stderr"
	}
	return fmt.Sprintf("; its last lines:\n  %s", strings.Join(t.lines, "\n  "))
}

// scanLines calls each for every line of r until it ends, long lines cut.
func scanLines(r io.Reader, each func(string)) {
	var line []byte
	flush := func() {
		each(strings.ToValidUTF8(strings.TrimRight(string(line), "\r"), "\uFFFD"))
		line = line[:0]
	}
	buf := make([]byte, 16<<10)
	for {
		n, err := r.Read(buf)
		for b := buf[:n]; len(b) > 0; {
			part, rest, ended := bytes.Cut(b, []byte("\n"))
			line = append(line, part[:min(len(part), max(lineBytes-len(line), 0))]...)
			if ended {
				flush()
			}
			b = rest
		}
		if err != nil {
			if len(line) > 0 {
				flush()
			}
			return
		}
	}
}
