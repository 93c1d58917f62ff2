package emulator

import (
	"archive/zip"
	"cmp"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"
)

// A function is one that is deployed, with its sandboxes.
type function struct {
	Function
	lambda   *Lambda
	root     string // folder with the bootstrap
	codeSize int64
	codeHash string
	modified time.Time

	// Lambda.mu guards these.
	idle    []*resting // the one used last at the end
	busy    int
	tokens  float64 // new sandboxes that may start now
	filled  time.Time
	retired bool
}

// A sandbox runs one call at a time.
type sandbox interface {
	run(call Call, timeout, kill time.Duration) outcome
	close()
}

type resting struct{ sandbox }

// An outcome is the end of a call.
type outcome struct {
	payload        []byte
	failed         bool
	status, kind   string // of the REPORT line
	duration, init time.Duration
	cold           bool
	maxMemory      int64
	log            []byte
	gone           bool // the sandbox cannot be used again
	killed         bool // by a fault
}

// fails makes an outcome the error of a function.
func (o *outcome) fails(status, kind, format string, args ...any) {
	o.failed, o.status, o.kind = true, status, kind
	o.payload, _ = json.Marshal(map[string]string{"errorType": kind, "errorMessage": fmt.Sprintf(format, args...)}) // strings always are JSON
}

func hostArch() string {
	if runtime.GOARCH == "arm64" {
		return "arm64"
	}
	return "x86_64"
}

func NewID() string {
	var b [16]byte
	rand.Read(b[:]) //nolint:errcheck // never fails
	h := hex.EncodeToString(b[:])
	return strings.Join([]string{h[:8], h[8:12], h[12:16], h[16:20], h[20:]}, "-")
}

// unpack makes the bootstrap ready to be run.
func (f *function) unpack(dir string) error {
	data, err := os.ReadFile(f.Bootstrap)
	if err != nil {
		return err
	}
	sum := sha256.Sum256(data)
	f.codeSize, f.codeHash = int64(len(data)), base64.StdEncoding.EncodeToString(sum[:])
	if !strings.HasSuffix(f.Bootstrap, ".zip") {
		exe, err := filepath.Abs(f.Bootstrap)
		f.Bootstrap, f.root = exe, filepath.Dir(exe)
		return err
	}
	z, err := zip.OpenReader(f.Bootstrap)
	if err != nil {
		return err
	}
	defer z.Close() //nolint:errcheck // only read
	for _, entry := range z.File {
		if !filepath.IsLocal(entry.Name) {
			return fmt.Errorf("the zip's %q lies outside of it", entry.Name)
		}
		if err := extract(entry, filepath.Join(dir, entry.Name)); err != nil {
			return err
		}
	}
	f.Bootstrap, f.root = filepath.Join(dir, "bootstrap"), dir
	_, err = os.Stat(f.Bootstrap)
	return err
}

func extract(entry *zip.File, to string) error {
	if entry.FileInfo().IsDir() {
		return os.MkdirAll(to, 0o755)
	}
	if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
		return err
	}
	from, err := entry.Open()
	if err != nil {
		return err
	}
	defer from.Close() //nolint:errcheck // only read
	out, err := os.OpenFile(to, os.O_CREATE|os.O_WRONLY|os.O_EXCL, entry.Mode().Perm()|0o400)
	if err != nil {
		return err
	}
	_, err = io.Copy(out, from)
	return cmp.Or(err, out.Close())
}

// unreserved is the concurrency that functions without one of their own share. l.mu is held.
func (l *Lambda) unreserved() int {
	n := l.o.Concurrency
	for _, f := range l.functions {
		n -= f.Reserved
	}
	return n
}

// acquire takes a sandbox, or says why there is none, in the words of TooManyRequestsException.
func (f *function) acquire() (s sandbox, reason string) {
	l := f.lambda
	l.mu.Lock()
	defer l.mu.Unlock()
	switch {
	case l.closed || f.retired:
		return nil, "ConcurrentInvocationLimitExceeded"
	case f.Reserved > 0 && f.busy >= f.Reserved:
		return nil, "ReservedFunctionConcurrentInvocationLimitExceeded"
	case f.Reserved == 0 && l.busy+l.o.InUse >= l.unreserved():
		return nil, "ConcurrentInvocationLimitExceeded"
	}
	if n := len(f.idle); n > 0 {
		s = f.idle[n-1].sandbox
		f.idle = f.idle[:n-1]
	} else if s = f.newSandbox(); s == nil {
		return nil, "ConcurrentInvocationLimitExceeded"
	}
	f.busy++
	if f.Reserved == 0 {
		l.busy++
	}
	l.met()
	return s, ""
}

// met notes how many sandboxes are at work. l.mu is held.
func (l *Lambda) met() {
	n := 0
	for _, f := range l.functions {
		n += f.busy
	}
	l.stats.MaxAtWork = max(l.stats.MaxAtWork, n)
	minute := time.Now().Unix() / 60
	l.peaks[minute] = max(l.peaks[minute], n)
	delete(l.peaks, minute-60)
}

// newSandbox makes a sandbox if the function may grow now; nil if not. l.mu is held.
func (f *function) newSandbox() sandbox {
	now := time.Now()
	scale := float64(f.lambda.o.Scale)
	f.tokens = min(scale, f.tokens+now.Sub(f.filled).Seconds()*scale/10)
	f.filled = now
	if f.tokens < 1 {
		return nil
	}
	f.tokens--
	if f.Handler != nil {
		return &inProcess{f: f}
	}
	return newProcess(f)
}

// run does a call in a sandbox and gives the sandbox back.
func (f *function) run(s sandbox, call Call, fault Fault) outcome {
	timeout := f.Timeout
	if fault.TimeOut > 0 {
		timeout = min(timeout, fault.TimeOut)
	}
	out := s.run(call, timeout, fault.Kill)
	f.report(call, &out)
	f.release(s, out.gone)
	return out
}

// report logs the REPORT line, and counts.
func (f *function) report(call Call, out *outcome) {
	r := Report{Function: f.Name, RequestID: call.RequestID, Duration: out.duration, Init: out.init, MaxMemory: out.maxMemory,
		Status: out.status, ErrorType: out.kind}
	r.Billed = (out.duration + out.init + time.Millisecond - 1).Truncate(time.Millisecond)
	out.log = slices.Concat([]byte("START RequestId: "+r.RequestID+" Version: $LATEST\n"), out.log,
		[]byte("END RequestId: "+r.RequestID+"\n"+f.reportLine(r, out.cold)+"\n"))
	l := f.lambda
	l.log.add(f.Name, out.log)
	l.mu.Lock()
	defer l.mu.Unlock()
	l.stats.add(r, out, float64(f.Memory)/1024)
	if len(l.reports) == keptReports {
		l.reports = slices.Delete(l.reports, 0, keptReports/2)
	}
	l.reports = append(l.reports, r)
}

func (f *function) reportLine(r Report, cold bool) string {
	line := fmt.Sprintf("REPORT RequestId: %s\tDuration: %.2f ms\tBilled Duration: %d ms\tMemory Size: %d MB\tMax Memory Used: %d MB\t",
		r.RequestID, ms(r.Duration), r.Billed.Milliseconds(), f.Memory, (r.MaxMemory+1<<20-1)>>20)
	if cold {
		line += fmt.Sprintf("Init Duration: %.2f ms\t", ms(r.Init))
	}
	if r.Status != "" {
		line += "Status: " + r.Status + "\t"
	}
	if r.Status == "error" {
		line += "Error Type: " + r.ErrorType + "\t"
	}
	return line
}

func (s *Stats) add(r Report, out *outcome, memoryGB float64) {
	count := func(n *int64, is bool) {
		if is {
			*n++
		}
	}
	s.Invocations++
	count(&s.ColdStarts, out.cold)
	count(&s.Failed, out.failed)
	count(&s.TimedOut, r.Status == "timeout")
	count(&s.OutOfMemory, r.ErrorType == outOfMemory)
	count(&s.Killed, out.killed)
	s.Billed += r.Billed
	s.GBSeconds += r.Billed.Seconds() * memoryGB
}

func ms(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }

// release gives a sandbox back; unless it is used again in time, it ends.
func (f *function) release(s sandbox, gone bool) {
	l := f.lambda
	l.mu.Lock()
	defer l.mu.Unlock()
	f.busy--
	if f.Reserved == 0 {
		l.busy--
	}
	if gone || f.retired || l.closed {
		l.wg.Go(s.close)
		return
	}
	r := &resting{s}
	f.idle = append(f.idle, r)
	time.AfterFunc(l.o.IdleAfter, func() { f.expire(r) })
}

// expire ends a sandbox that is still resting.
func (f *function) expire(r *resting) {
	f.lambda.mu.Lock()
	i := slices.Index(f.idle, r)
	if i >= 0 {
		f.idle = slices.Delete(f.idle, i, i+1)
	}
	f.lambda.mu.Unlock()
	if i >= 0 {
		r.close()
	}
}

// retire ends the sandboxes that rest; others end with their call. l.mu is held.
func (f *function) retire() {
	f.retired = true
	for _, r := range f.idle {
		f.lambda.wg.Go(r.close)
	}
	f.idle = nil
}
