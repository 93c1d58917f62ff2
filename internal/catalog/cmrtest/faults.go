package cmrtest

import (
	"io"
	"net/http"
	"strings"
	"sync"
)

// A Fault is what becomes of one request instead of an answer, or of its answer.
type Fault func(w http.ResponseWriter, r *http.Request, answer http.Handler)

// Throttle answers 429 and asks to come back after so many seconds.
func Throttle(seconds string) Fault {
	return func(w http.ResponseWriter, _ *http.Request, _ http.Handler) {
		w.Header().Set("Retry-After", seconds)
		http.Error(w, `{"errors":["slow down"]}`, http.StatusTooManyRequests)
	}
}

// Status answers with a status and a body.
func Status(code int, body string) Fault {
	return func(w http.ResponseWriter, _ *http.Request, _ http.Handler) { http.Error(w, body, code) }
}

// Body answers 200 with another body.
func Body(body string) Fault {
	return func(w http.ResponseWriter, _ *http.Request, _ http.Handler) { io.WriteString(w, body) }
}

// Truncate breaks the connection in the middle of the answer.
func Truncate(w http.ResponseWriter, r *http.Request, answer http.Handler) {
	rec := record(r, answer)
	w.Header().Set("Content-Length", "1000000")
	io.WriteString(w, rec[:len(rec)/2])
	w.(http.Flusher).Flush()
	panic(http.ErrAbortHandler)
}

// Half ends the answer in the middle as if that were all.
func Half(w http.ResponseWriter, r *http.Request, answer http.Handler) {
	rec := record(r, answer)
	io.WriteString(w, rec[:len(rec)/2])
}

// Stall says nothing until the client gives up.
func Stall(_ http.ResponseWriter, r *http.Request, _ http.Handler) { <-r.Context().Done() }

func record(r *http.Request, answer http.Handler) string {
	var b body
	answer.ServeHTTP(&b, r)
	return b.String()
}

// body keeps what a handler writes.
type body struct{ strings.Builder }

func (b *body) Header() http.Header { return http.Header{} }
func (b *body) WriteHeader(int)     {}

// faults are due, by a part of the path of requests.
type faults struct {
	mu  sync.Mutex
	due []due
}

type due struct {
	path string
	skip int
	f    Fault
}

// Fail makes the next requests whose path contains path meet the faults, one each, after skip good ones.
func (s *Server) Fail(path string, skip int, list ...Fault) {
	s.faults.mu.Lock()
	defer s.faults.mu.Unlock()
	for _, f := range list {
		s.faults.due = append(s.faults.due, due{path, skip, f})
		skip = 0
	}
}

func (q *faults) next(path string) Fault {
	q.mu.Lock()
	defer q.mu.Unlock()
	for i := range q.due {
		d := &q.due[i]
		if !strings.Contains(path, d.path) {
			continue
		}
		if d.skip > 0 {
			d.skip--
			return nil
		}
		f := d.f
		q.due = append(q.due[:i:i], q.due[i+1:]...)
		return f
	}
	return nil
}
