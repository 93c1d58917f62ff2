package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// A service is what many clients ask, over HTTP.
type service struct {
	label, endpoint string
	domain, bucket  string
	user, password  string
	dataset         string
	cmd             *exec.Cmd
}

const (
	slab = 1000 // elements of a request
	seed = 1
)

// compare measures many clients at once.
func compare(ctx context.Context, o options, work string) error {
	ours, err := serveZagg(ctx, o, work)
	if err != nil {
		return err
	}
	defer ours.stop()
	services := []*service{ours}
	if o.hsds != "" {
		hsds, err := serveHSDS(ctx, o, work)
		if err != nil {
			return err
		}
		defer hsds.stop()
		services = append(services, hsds)
	}
	fmt.Printf("%d clients at once, %d requests for %d elements of %s each, files on disk:\n\n| service | requests/s | median ms | p99 ms | most ms | 503s | CPU s | RSS MB |\n|---|---|---|---|---|---|---|---|\n",
		o.clients, o.requests, slab, filepath.Base(o.dataset))
	var first [][]byte
	for _, s := range services {
		answers, err := s.measure(ctx, o)
		if err != nil {
			return err
		}
		if first == nil {
			first = answers
		}
		for i := range answers {
			if !bytes.Equal(answers[i], first[i]) {
				return fmt.Errorf("%s answers request %d otherwise than %s", s.label, i, ours.label)
			}
		}
	}
	return nil
}

func (s *service) stop() {
	s.cmd.Process.Signal(os.Interrupt) //nolint:errcheck // it may have ended
	s.cmd.Wait()                       //nolint:errcheck // interrupted
}

// begin starts a program and waits for a line that says it serves.
func begin(cmd *exec.Cmd, ready string) (line string, err error) {
	r, w, err := os.Pipe()
	if err != nil {
		return "", err
	}
	cmd.Stdout, cmd.Stderr = w, w
	if err := cmd.Start(); err != nil {
		return "", err
	}
	w.Close() //nolint:errcheck // the program has its own
	var text strings.Builder
	buf := make([]byte, 4096)
	for !strings.Contains(text.String(), ready) {
		n, err := r.Read(buf)
		if err != nil {
			return "", fmt.Errorf("%s ended: %s", cmd.Path, text.String())
		}
		text.Write(buf[:n])
	}
	go io.Copy(io.Discard, r) //nolint:errcheck // keeps the pipe empty
	_, line, _ = strings.Cut(text.String(), ready)
	return strings.TrimSpace(line), nil
}

func serveZagg(ctx context.Context, o options, work string) (*service, error) {
	exe, err := build(ctx, work, "zagg", "./cmd/zagg")
	if err != nil {
		return nil, err
	}
	s := &service{label: "zagg hdf serve", domain: "/" + filepath.Base(o.granule)}
	s.cmd = exec.CommandContext(ctx, exe, "hdf", "serve", "--root", filepath.Dir(o.granule), "--address", "127.0.0.1:0")
	line, err := begin(s.cmd, " on http://")
	if err != nil {
		return nil, err
	}
	s.endpoint = "http://" + line
	return s, s.find(ctx, o)
}

func serveHSDS(ctx context.Context, o options, work string) (*service, error) {
	const bucket, admin = "bench", "admin"
	root := filepath.Join(work, "hsds")
	if err := os.MkdirAll(filepath.Join(root, bucket), 0o755); err != nil {
		return nil, err
	}
	s := &service{label: "HSDS, two data nodes", bucket: bucket, user: "bench", password: "bench", domain: "/home/bench/granule.h5", endpoint: "http://localhost:5199"}
	passwords := filepath.Join(work, "passwords")
	if err := os.WriteFile(passwords, []byte(admin+":"+admin+"\n"+s.user+":"+s.password+"\n"), 0o600); err != nil {
		return nil, err
	}
	sockets, err := os.MkdirTemp("", "h") // names of sockets are short
	if err != nil {
		return nil, err
	}
	for try := 1; ; try++ { // it gives its parts ten seconds to start
		s.cmd = exec.CommandContext(ctx, o.hsds, "--root_dir", root, "--bucket_name", bucket, "--password_file", passwords, "--count", "2", "--port", "5199", "--loglevel", "ERROR",
			"--logfile", filepath.Join(work, "hsds.log"), "--socket_dir", sockets)
		_, err := begin(s.cmd, "READY")
		if err == nil {
			break
		}
		if try == 5 {
			return nil, err
		}
	}
	load := exec.CommandContext(ctx, o.python, "bench/hdf/load.py", s.endpoint, bucket, s.user, s.password, admin, admin, o.granule, s.domain)
	load.Env = append(os.Environ(), "PYTHONPATH="+filepath.Join(filepath.Dir(filepath.Dir(o.python)), "h5pyd-0.24.0"))
	began := time.Now()
	if out, err := load.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("load.py: %w\n%s", err, out)
	}
	s.label += fmt.Sprintf(" (after %.0f s of loading)", time.Since(began).Seconds())
	return s, s.find(ctx, o)
}

// errBusy is 503, after which clients ask again.
var errBusy = errors.New("the service is busy")

// again waits before a client asks a busy service again.
const again = 50 * time.Millisecond

// get asks the service.
func (s *service) get(ctx context.Context, path string, params url.Values, accept string) ([]byte, error) {
	params.Set("domain", s.domain)
	if s.bucket != "" {
		params.Set("bucket", s.bucket)
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, s.endpoint+path+"?"+params.Encode(), nil)
	if err != nil {
		return nil, err
	}
	req.Header.Set("Accept", accept)
	if s.user != "" {
		req.SetBasicAuth(s.user, s.password)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close() //nolint:errcheck // only read
	body, err := io.ReadAll(resp.Body)
	if err == nil && resp.StatusCode == http.StatusServiceUnavailable {
		return nil, errBusy
	}
	if err == nil && resp.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s %s: %d %.200s", s.label, path, resp.StatusCode, body)
	}
	return body, err
}

// find looks for the dataset.
func (s *service) find(ctx context.Context, o options) error {
	http.DefaultTransport.(*http.Transport).MaxIdleConnsPerHost = o.clients
	body, err := s.get(ctx, "/", url.Values{"h5path": {o.dataset}}, "application/json")
	if err != nil {
		return err
	}
	var d struct{ ID string }
	if err := json.Unmarshal(body, &d); err != nil {
		return err
	}
	s.dataset = d.ID
	return nil
}

// measure prints a row and gives all answers in the order of requests, which are the same for every service.
func (s *service) measure(ctx context.Context, o options) ([][]byte, error) {
	body, err := s.get(ctx, "/datasets/"+s.dataset+"/shape", url.Values{}, "application/json")
	if err != nil {
		return nil, err
	}
	var d struct{ Shape struct{ Dims []int } }
	if err := json.Unmarshal(body, &d); err != nil {
		return nil, err
	}
	rng := rand.New(rand.NewPCG(seed, seed))
	selects := make([]string, o.requests)
	for i := range selects {
		from := rng.IntN(max(d.Shape.Dims[0]-slab, 1))
		selects[i] = fmt.Sprintf("[%d:%d]", from, min(from+slab, d.Shape.Dims[0]))
	}
	answers, times, errs := make([][]byte, o.requests), make([]time.Duration, o.requests), make([]error, o.clients)
	var next, busy atomic.Int64
	var wg sync.WaitGroup
	began := time.Now()
	for c := range o.clients {
		wg.Go(func() {
			for i := next.Add(1) - 1; i < int64(o.requests) && errs[c] == nil; i = next.Add(1) - 1 {
				at := time.Now()
				for {
					answers[i], errs[c] = s.get(ctx, "/datasets/"+s.dataset+"/value", url.Values{"select": {selects[i]}}, "application/octet-stream")
					if !errors.Is(errs[c], errBusy) {
						break
					}
					busy.Add(1)
					time.Sleep(again)
				}
				times[i] = time.Since(at)
			}
		})
	}
	wg.Wait()
	wall := time.Since(began)
	for _, err := range errs {
		if err != nil {
			return nil, err
		}
	}
	slices.Sort(times)
	cpu, rss := tree(s.cmd.Process.Pid)
	fmt.Printf("| %s | %.0f | %.1f | %.1f | %.1f | %d | %.1f | %.0f |\n", s.label, float64(o.requests)/wall.Seconds(), quantile(times, 0.5), quantile(times, 0.99), quantile(times, 1),
		busy.Load(), cpu, rss)
	return answers, nil
}
