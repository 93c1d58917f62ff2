package emulator

import (
	"io"
	"slices"
	"sync"
)

// keptLog is how much of a function's log is kept.
const keptLog = 1 << 20

// logs are what CloudWatch Logs would have.
type logs struct {
	mu    sync.Mutex
	to    io.Writer
	lines map[string][]byte // the end, by function
}

func (l *logs) add(function string, text []byte) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.to != nil {
		l.to.Write(text) //nolint:errcheck // a log
	}
	all := append(l.lines[function], text...)
	if len(all) > 2*keptLog {
		all = slices.Clone(all[len(all)-keptLog:])
	}
	l.lines[function] = all
}

func (l *logs) of(function string) string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return string(l.lines[function])
}
