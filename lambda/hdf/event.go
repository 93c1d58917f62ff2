package hdf

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/englacial/zagg/internal/hdfrest"
)

// An event is what the function is invoked with: one of h5pyd's, or one of API Gateway.
type event struct {
	Method  json.RawMessage `json:"method"`
	Path    json.RawMessage `json:"path"`
	Request json.RawMessage `json:"request"` // other name of path
	Headers json.RawMessage `json:"headers"`
	Params  json.RawMessage `json:"params"`
	Body    json.RawMessage `json:"body"`

	Context struct {
		HTTP *struct {
			Method string `json:"method"`
			Path   string `json:"path"`
		} `json:"http"`
		DomainName string `json:"domainName"`
		Stage      string `json:"stage"`
	} `json:"requestContext"`
	RawQuery string            `json:"rawQueryString"`
	Query    map[string]string `json:"queryStringParameters"`
	Encoded  bool              `json:"isBase64Encoded"`
}

// maxNesting bounds the JSON of events, whose body may be an object.
const maxNesting = 32

// decode reads an event. gateway: the answer is to be in API Gateway's form.
func decode(text []byte) (req *hdfrest.Request, gateway bool, err error) {
	if err := checkNesting(text); err != nil {
		return nil, false, err
	}
	var e event
	if err := json.Unmarshal(text, &e); err != nil {
		return nil, false, fmt.Errorf("the event is not understood: %w", err)
	}
	if e.Context.HTTP != nil {
		req, err = e.fromGateway()
		return req, true, err
	}
	req, err = e.direct()
	return req, false, err
}

// checkNesting counts brackets outside of texts.
func checkNesting(text []byte) error {
	depth, inString := 0, false
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case inString && c == '\\':
			i++
		case c == '"':
			inString = !inString
		case !inString && (c == '{' || c == '['):
			if depth++; depth > maxNesting {
				return fmt.Errorf("the event nests deeper than %d", maxNesting)
			}
		case !inString && (c == '}' || c == ']'):
			depth--
		}
	}
	return nil
}

func absent(text json.RawMessage) bool { return len(text) == 0 || string(text) == "null" }

// direct is an event of h5pyd.
func (e *event) direct() (*hdfrest.Request, error) {
	req := &hdfrest.Request{Method: http.MethodGet, Query: url.Values{}, Header: http.Header{}, Trusted: true}
	if !absent(e.Method) {
		if err := json.Unmarshal(e.Method, &req.Method); err != nil {
			return nil, fmt.Errorf("method is not a text")
		}
	}
	switch req.Method {
	case http.MethodGet, http.MethodPut, http.MethodPost, http.MethodDelete:
	default:
		return nil, fmt.Errorf("method %.20q is none of GET, PUT, POST, DELETE", req.Method)
	}
	if absent(e.Path) {
		e.Path = e.Request
	}
	var path string
	if absent(e.Path) || json.Unmarshal(e.Path, &path) != nil || path == "" {
		return nil, fmt.Errorf("path is missing")
	}
	if err := e.values(req); err != nil {
		return nil, err
	}
	if err := setPath(req, path); err != nil {
		return nil, err
	}
	if err := e.body(req); err != nil {
		return nil, err
	}
	if len(req.Body) > 0 && (req.Method == http.MethodGet || req.Method == http.MethodDelete) {
		return nil, fmt.Errorf("a %s has no body", req.Method)
	}
	return req, nil
}

// values reads headers and params, which may be numbers.
func (e *event) values(req *hdfrest.Request) error {
	headers, err := values("headers", e.Headers)
	if err != nil {
		return err
	}
	for k, v := range headers {
		req.Header.Set(k, v)
	}
	params, err := values("params", e.Params)
	for k, v := range params {
		req.Query.Set(k, v)
	}
	return err
}

func values(name string, text json.RawMessage) (map[string]string, error) {
	if absent(text) {
		return nil, nil
	}
	var m map[string]any
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	if err := d.Decode(&m); err != nil {
		return nil, fmt.Errorf("%s is not an object", name)
	}
	out := map[string]string{}
	for k, v := range m {
		switch v := v.(type) {
		case nil:
		case string:
			out[k] = v
		case json.Number:
			out[k] = v.String()
		case bool:
			out[k] = strconv.FormatBool(v)
		default:
			return nil, fmt.Errorf("%s: %.50q is neither a text nor a number", name, k)
		}
	}
	return out, nil
}

// setPath sets the path, which may be percent-encoded or not (h5pyd does not), and may end with a query.
func setPath(req *hdfrest.Request, path string) error {
	path, query, _ := strings.Cut(path, "?")
	if _, err := url.PathUnescape(path); err != nil {
		path = (&url.URL{Path: path}).EscapedPath()
	}
	req.Path = path
	more, err := url.ParseQuery(query)
	if err != nil {
		return fmt.Errorf("the query of the path: %w", err)
	}
	for k, v := range more {
		if !req.Query.Has(k) {
			req.Query[k] = v
		}
	}
	return nil
}

// body is a text, or the JSON that it would be.
func (e *event) body(req *hdfrest.Request) error {
	if absent(e.Body) {
		return nil
	}
	var text string
	if e.Body[0] != '"' {
		req.Body = e.Body
		return nil
	}
	if err := json.Unmarshal(e.Body, &text); err != nil {
		return fmt.Errorf("body: %w", err)
	}
	req.Body = []byte(text)
	if e.Encoded {
		var err error
		if req.Body, err = base64.StdEncoding.DecodeString(text); err != nil {
			return fmt.Errorf("body is not the base64 it says it is: %w", err)
		}
	}
	return nil
}

// fromGateway is an event of an HTTP API.
func (e *event) fromGateway() (*hdfrest.Request, error) {
	h := e.Context.HTTP
	req := &hdfrest.Request{Method: h.Method, Query: url.Values{}, Header: http.Header{}, Base: "https://" + e.Context.DomainName}
	headers, err := values("headers", e.Headers)
	if err != nil {
		return nil, err
	}
	for k, v := range headers {
		req.Header.Set(k, v)
	}
	if e.Context.DomainName == "" {
		req.Base = ""
	}
	path := h.Path
	if s := e.Context.Stage; s != "" && s != "$default" {
		path = strings.TrimPrefix(path, "/"+s)
		req.Base += "/" + s
	}
	if path == "" {
		path = "/"
	}
	for k, v := range e.Query {
		req.Query.Set(k, v)
	}
	if e.Query == nil {
		path += "?" + e.RawQuery
	}
	if err := setPath(req, path); err != nil {
		return nil, err
	}
	return req, e.body(req)
}
