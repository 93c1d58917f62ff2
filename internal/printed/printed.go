// Package printed wraps standard output, standard error and logs. It escapes names from files, catalogs, plugins and servers, so that
// they cannot control a terminal.
package printed

import (
	"io"
	"sync"
	"unicode/utf8"

	"github.com/englacial/zagg/core"
)

// A Writer escapes what a terminal would obey. It is safe for concurrent use.
type Writer struct {
	to   io.Writer
	show func(string) string

	mu   sync.Mutex
	held []byte // the beginning of a character whose end has not been written yet
}

// Results writes to standard output: control characters are escaped, and nothing else changes. JSON stays the same JSON.
func Results(to io.Writer) *Writer { return &Writer{to: to, show: core.Escaped} }

// Messages writes progress, errors and logs: addresses in them show no secrets either. A message is written at once.
func Messages(to io.Writer) *Writer { return &Writer{to: to, show: core.Shown} }

// Unwrap is what is written to, for bytes that are not for people.
func (w *Writer) Unwrap() io.Writer { return w.to }

// Write writes a part of a text.
func (w *Writer) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	text := append(w.held, p...)
	whole := len(text) - unfinished(text)
	_, err := io.WriteString(w.to, w.show(string(text[:whole])))
	w.held = append([]byte(nil), text[whole:]...)
	if err != nil {
		return 0, err
	}
	return len(p), nil
}

// Flush writes what was held back: the text has ended.
func (w *Writer) Flush() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.held) == 0 {
		return nil
	}
	_, err := io.WriteString(w.to, w.show(string(w.held)))
	w.held = nil
	return err
}

// unfinished is how many bytes at the end of a text cannot be judged yet: a character cut off, or a carriage return that may belong
// to a line end.
func unfinished(text []byte) int {
	for n := 1; n <= min(utf8.UTFMax-1, len(text)); n++ {
		b := text[len(text)-n]
		switch {
		case n == 1 && b == '\r':
			return 1
		case utf8.RuneStart(b):
			if b >= utf8.RuneSelf && !utf8.FullRune(text[len(text)-n:]) {
				return n
			}
			return 0
		}
	}
	return 0
}
