package hdf

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"

	"github.com/englacial/zagg/internal/hdfrest"
)

// maxResult is the most bytes that a function may answer with (AWS Lambda quotas: 6 MB), without what surrounds a body.
const maxResult = 6<<20 - 8<<10

// headersText is the headers as JSON, one value each.
func headersText(h http.Header, length int) (string, error) {
	m := map[string]string{"Content-Length": strconv.Itoa(length)}
	for k := range h {
		m[k] = h.Get(k)
	}
	b, err := json.Marshal(m)
	return string(b), err
}

// direct is the answer to h5pyd: headers as a text of JSON, JSON as an object, bytes as hexadecimal text under a flag that says base64, and of
// anything but success only the status. It is put together by hand, for a body may have the words NaN and Infinity.
func direct(r *hdfrest.Response) ([]byte, error) {
	var body []byte
	encoded := false
	switch {
	case r.Status != http.StatusOK && r.Status != http.StatusCreated:
		body = fmt.Appendf(nil, `"{\"statusCode\": %d}"`, r.Status)
	case r.JSON():
		body = r.Body
	default:
		encoded = true
		body = make([]byte, 0, 2*len(r.Body)+2)
		body = append(hex.AppendEncode(append(body, '"'), r.Body), '"')
	}
	if len(body) > maxResult {
		return direct(tooLong(len(body)))
	}
	headers, err := headersText(r.Header, len(r.Body))
	if err != nil {
		return nil, err
	}
	quoted, err := json.Marshal(headers)
	if err != nil {
		return nil, err
	}
	out := fmt.Appendf(nil, `{"isBase64Encoded":%t,"statusCode":%d,"headers":%s,"body":`, encoded, r.Status, quoted)
	return append(append(out, body...), '}'), nil
}

func tooLong(n int) *hdfrest.Response {
	h := http.Header{"Content-Type": {"text/plain; charset=utf-8"}}
	h.Set("X-Hdf-Error", fmt.Sprintf("the answer has %d bytes as a function sends it, more than %d: select fewer", n, maxResult))
	return &hdfrest.Response{Status: http.StatusRequestEntityTooLarge, Header: h, Body: []byte("413: Request Entity Too Large")}
}

// gateway is the answer to API Gateway, which sends it on as it is.
func gateway(r *hdfrest.Response) ([]byte, error) {
	g := struct {
		Status  int               `json:"statusCode"`
		Headers map[string]string `json:"headers"`
		Body    string            `json:"body"`
		Encoded bool              `json:"isBase64Encoded"`
	}{Status: r.Status, Headers: map[string]string{}, Body: string(r.Body)}
	for k := range r.Header {
		g.Headers[k] = r.Header.Get(k)
	}
	if r.Header.Get("Content-Type") == "application/octet-stream" {
		g.Body, g.Encoded = base64.StdEncoding.EncodeToString(r.Body), true
	}
	out, err := json.Marshal(g)
	if err == nil && len(out) > maxResult {
		return gateway(tooLong(len(out)))
	}
	return out, err
}

// refused answers an event that is no request. The invocation is a success, as callers expect it.
func refused(status int, err error) ([]byte, error) {
	return json.Marshal(struct {
		Status int    `json:"status_code"`
		Error  string `json:"error"`
	}{status, err.Error()})
}
