package hdfrest

import (
	"errors"
	"io"
	"net/http"
	"strconv"
)

var _ http.Handler = (*Server)(nil)

// ServeHTTP answers over plain HTTP.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, s.Limits.Body))
	var resp *Response
	if err != nil {
		status := http.StatusBadRequest
		if _, ok := errors.AsType[*http.MaxBytesError](err); ok {
			status = http.StatusRequestEntityTooLarge
		}
		resp = failure(errStatus(status, "reading the body: %v", err))
	} else {
		var release func()
		resp, release = s.answer(r.Context(), &Request{Method: r.Method, Path: r.URL.EscapedPath(), Query: r.URL.Query(), Header: r.Header, Body: body, Base: "http://" + r.Host})
		defer release() // a slow client holds its answer as long as it takes it
	}
	for k, v := range resp.Header {
		w.Header()[k] = v
	}
	w.Header().Set("Content-Length", strconv.Itoa(len(resp.Body)))
	w.WriteHeader(resp.Status)
	if r.Method != http.MethodHead {
		w.Write(resp.Body) //nolint:errcheck // the client is gone
	}
}
