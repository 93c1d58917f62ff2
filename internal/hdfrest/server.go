package hdfrest

// The server: requests, routes, limits and errors. What HSDS does is in docs and in recorded pairs of requests and
// answers; texts of errors are HSDS's own, because clients look at them.

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"path"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sync/semaphore"

	"github.com/englacial/zagg/core"
)

// A Request is a request to the API, whether it came over HTTP, in an event of API Gateway or in a call of Lambda.
type Request struct {
	Method string
	Path   string     // percent-encoded, as in a URL
	Query  url.Values // the parameters
	Header http.Header
	Body   []byte
	Base   string // what hrefs begin with: "http://host:port"
	// Trusted is a caller that was let in elsewhere (as by IAM): without credentials of its own it is the server's user.
	Trusted bool
}

// A Response answers a Request. A JSON body is JSON except that it may have the words NaN and Infinity.
type Response struct {
	Status int
	Header http.Header
	Body   []byte
}

// JSON reports whether the body is JSON.
func (r *Response) JSON() bool {
	return strings.HasPrefix(r.Header.Get("Content-Type"), "application/json")
}

// Limits bound what one request may cost. Zero fields have the defaults given.
type Limits struct {
	Value   int64         // bytes of a value in the wire form; 100 MiB. More is 413
	JSON    int64         // bytes of a body of JSON; 64 MiB. More is 413
	Body    int64         // bytes of a request's body; 16 MiB. More is 413
	Points  int           // points or listed elements of a selection; 1,000,000
	Objects int           // objects of a domain up to which a request for all of them is answered with them; 500
	List    int           // entries of a folder in one answer; 1,000
	Time    time.Duration // 25 s. More is 503
	Page    int64         // bytes of the pieces in which clients are told to read what is not chunked; 2.9 MB
	// Memory bounds the values that all requests under way hold together; 1 GiB. A request waits for its part, and is
	// answered with 503 if it has not come in its time.
	Memory int64
}

func (l Limits) orDefaults() Limits {
	def(&l.Value, 100<<20)
	def(&l.JSON, 64<<20)
	def(&l.Body, 16<<20)
	def(&l.Points, 1_000_000)
	def(&l.Objects, 500)
	def(&l.List, 1000)
	def(&l.Time, 25*time.Second)
	def(&l.Page, 2_900_000)
	def(&l.Memory, 1<<30)
	return l
}

func def[T comparable](v *T, d T) {
	var zero T
	if *v == zero {
		*v = d
	}
}

// Config is the configuration of a server. Store must be set.
type Config struct {
	Store  Store
	Bucket string // the one of requests that name none
	// User may read everything with Password. An empty User: requests need no credentials.
	User, Password string
	// Users are more users with their passwords, and Admins those of all who may do everything with domains that are
	// Guarded. Where requests need no credentials, all may.
	Users  map[string]string
	Admins []string
	// Public says what may be read without credentials.
	Public func(Name) bool
	Limits Limits
	// Now and Started are for /about; nil and zero: the time of New.
	Started time.Time
}

// A Server answers requests. It is safe for concurrent use; all state of a request is in its call.
type Server struct {
	Config
	memory *semaphore.Weighted // of Limits.Memory
}

// New makes a server over a store.
func New(c Config) *Server {
	c.Limits = c.Limits.orDefaults()
	if c.Started.IsZero() {
		c.Started = time.Now()
	}
	if c.Public == nil {
		c.Public = func(Name) bool { return false }
	}
	return &Server{Config: c, memory: semaphore.NewWeighted(c.Limits.Memory)}
}

// version is the version of HSDS whose protocol is spoken; clients look at it.
const version = "0.9.4"

// A call is a request under way. It belongs to one goroutine, except while values are read.
type call struct {
	*Server
	ctx    context.Context
	req    *Request
	path   []string // decoded segments
	domain string   // the name as the client gave it in the parameters, for hrefs
	known  bool     // who asks is a user, or requests need no credentials
	held   int64    // bytes of Limits.Memory
	who    string   // the user; "": requests need no credentials, or this one has none
	admin  bool
}

// Serve answers a request. It fails only by the answer's status. The text of an error is HSDS's; what was wrong in
// particular is in the header X-Hdf-Error.
func (s *Server) Serve(ctx context.Context, req *Request) *Response {
	resp, release := s.answer(ctx, req)
	release()
	return resp
}

// triesOfReplaced is how often a request is repeated because its domain was replaced or changed while it was read.
const triesOfReplaced = 8

// answer is Serve; release must be called once, when the answer's bytes are no longer needed.
func (s *Server) answer(ctx context.Context, req *Request) (resp *Response, release func()) {
	ctx, cancel := context.WithTimeout(ctx, s.Limits.Time)
	defer cancel()
	c := &call{Server: s, ctx: ctx, req: req}
	resp, err := c.serve()
	for try := 0; errors.Is(err, ErrReplaced) && try < triesOfReplaced; try++ {
		c.release()
		resp, err = c.serve()
	}
	if err != nil {
		resp = failure(err)
	}
	c.cors(resp)
	return resp, c.release
}

// hold waits until n more bytes of values fit in the memory for all requests. A request that needs more than all of
// it gets all. They are given back by release.
func (c *call) hold(n int64) error {
	n = min(n, c.Limits.Memory-c.held)
	if err := c.memory.Acquire(c.ctx, n); err != nil {
		return errStatus(http.StatusServiceUnavailable, "other requests hold the %d bytes of memory for values", c.Limits.Memory)
	}
	c.held += n
	return nil
}

func (c *call) release() {
	c.memory.Release(c.held)
	c.held = 0
}

// serve checks what is the same for all requests, and calls the handler of the route.
func (c *call) serve() (*Response, error) {
	switch c.req.Method {
	case http.MethodGet, http.MethodPut, http.MethodPost, http.MethodDelete:
	case http.MethodOptions:
		return &Response{Status: http.StatusOK, Header: http.Header{"Content-Type": {"application/octet-stream"}}}, nil
	default:
		return nil, &statusError{status: http.StatusMethodNotAllowed}
	}
	if int64(len(c.req.Body)) > c.Limits.Body {
		return nil, errStatus(http.StatusRequestEntityTooLarge, "the body is longer than %d bytes", c.Limits.Body)
	}
	segments, err := splitPath(c.req.Path)
	if err != nil {
		return nil, err
	}
	c.path = segments
	if err := c.authenticate(); err != nil {
		return nil, err
	}
	h := c.route()
	if h == nil {
		return nil, errStatus(http.StatusNotFound, "there is no %s %s", c.req.Method, c.req.Path)
	}
	return h()
}

// splitPath splits a path at its slashes and then decodes each segment, so that %2F is part of a name.
func splitPath(p string) ([]string, error) {
	if len(p) > maxURL {
		return nil, errStatus(http.StatusRequestURITooLong, "the path is longer than %d bytes", maxURL)
	}
	parts := strings.Split(strings.TrimPrefix(p, "/"), "/")
	for i, s := range parts {
		d, err := url.PathUnescape(s)
		if err != nil {
			return nil, errStatus(http.StatusBadRequest, "%v", err)
		}
		parts[i] = d
	}
	return parts, nil
}

const maxURL = 64 << 10

// A handler answers one route.
type handler func() (*Response, error)

// route finds the handler for a path; nil if there is none.
func (c *call) route() handler {
	p, get := c.path, c.req.Method == http.MethodGet
	if len(p) == 1 {
		p = append(p, "")
	}
	switch {
	case len(p) == 2 && p[1] == "":
		switch p[0] {
		case "":
			return c.by(methods{get: c.getDomain, put: c.putDomain, post: c.postDomain, delete: c.deleteDomain})
		case "about":
			return c.only(get, c.about)
		case "info":
			return c.only(get, c.info)
		case "domains":
			return c.only(get, c.getFolder)
		case "acls":
			return c.read(c.getACLs)
		case "groups", "datasets", "datatypes":
			if strings.HasSuffix(c.req.Path, "/") && c.param("h5path") == "" && c.param("parent_id") == "" {
				return c.read(func() (*Response, error) { return nil, errText("Missing " + noun(p[0]) + " id") })
			}
			return c.by(methods{get: func() (*Response, error) { return c.collection(p[0]) }, post: func() (*Response, error) { return c.postObjects(kinds()[p[0]]) }})
		}
	case p[0] == "acls" && len(p) == 2:
		return c.by(methods{get: func() (*Response, error) { return c.getACL(p[1]) }, put: func() (*Response, error) { return c.putACL(p[1]) }})
	case p[0] == "groups" || p[0] == "datasets" || p[0] == "datatypes":
		return c.objectRoute(p)
	}
	return nil
}

// noun is the word for one object of a collection.
func noun(collection string) string {
	if collection == "datatypes" {
		return "type"
	}
	return strings.TrimSuffix(collection, "s")
}

// objectRoute finds the handler for an object or for something that belongs to it.
func (c *call) objectRoute(p []string) handler {
	kind := kinds()[p[0]]
	post := c.req.Method == http.MethodPost
	on := func(h func(ID) (*Response, error)) handler {
		return func() (*Response, error) {
			id, err := c.id(kind, p[1])
			if err != nil {
				return nil, err
			}
			return h(id)
		}
	}
	sub := ""
	if len(p) > 2 {
		sub = p[2]
	}
	names := func(h func(ID, []string) (*Response, error), list func() []string) handler {
		return on(func(id ID) (*Response, error) { return h(id, list()) })
	}
	named := func(h func(ID, string) (*Response, error), name string) handler {
		return on(func(id ID) (*Response, error) { return h(id, name) })
	}
	switch {
	case len(p) == 2:
		return c.by(methods{get: on(c.getObject), delete: on(c.deleteObject)})
	case sub == "links" && kind == GroupKind && len(p) == 3 && post:
		return c.reads(c.bodyHas("titles"), on(c.postLinks))
	case sub == "links" && kind == GroupKind && len(p) == 3:
		return c.by(methods{get: on(c.getLinks), put: on(c.putLinks), delete: names(c.deleteLinks, func() []string { return c.names("titles") })})
	case sub == "links" && kind == GroupKind && len(p) == 4:
		return c.by(methods{get: named(c.getLink, p[3]), put: named(c.putLink, p[3]), delete: names(c.deleteLinks, func() []string { return p[3:] })})
	case sub == "attributes" && len(p) == 3 && post:
		return c.reads(c.bodyHas("attr_names"), on(c.postAttributes))
	case sub == "attributes" && len(p) == 3:
		return c.by(methods{get: on(c.getAttributes), put: on(c.putAttributes), delete: names(c.deleteAttributes, func() []string { return c.names("attr_names") })})
	case sub == "attributes" && len(p) > 3:
		// Clients do not encode the slashes in a name.
		name := strings.Join(p[3:], "/")
		return c.by(methods{get: named(c.getAttribute, name), put: named(c.putAttribute, name), delete: names(c.deleteAttributes, func() []string { return []string{name} })})
	case len(p) == 3 && kind == DatasetKind && sub == "value" && post:
		return c.reads(true, on(c.postValue))
	case len(p) == 3 && kind == DatasetKind && sub == "value":
		return c.by(methods{get: on(c.getValue), put: on(c.putValue)})
	case len(p) == 3 && kind == DatasetKind && sub == "shape":
		return c.by(methods{get: on(c.getShape), put: on(c.putShape)})
	case len(p) == 3 && kind == DatasetKind && sub == "type":
		return c.read(on(c.getType))
	}
	return nil
}

// methods are the handlers of one path, by method; nil if the method is not supported.
type methods struct{ get, put, post, delete handler }

// by picks the handler for the request's method. A method without one is refused as on a read-only domain if nothing
// can be changed.
func (c *call) by(m methods) handler {
	h := map[string]handler{http.MethodGet: m.get, http.MethodPut: m.put, http.MethodPost: m.post, http.MethodDelete: m.delete}[c.req.Method]
	if h != nil {
		return h
	}
	return c.unanswered
}

// unanswered refuses a request that has no handler.
func (c *call) unanswered() (*Response, error) {
	if c.unchangeable() {
		return nil, c.readOnly()
	}
	return nil, &statusError{status: http.StatusMethodNotAllowed}
}

// unchangeable reports whether nothing can be changed of what the request is about: no domain at all, or not the one
// it names.
func (c *call) unchangeable() bool {
	if _, keeps := c.Store.(Keeper); !keeps {
		return true
	}
	n, folder, ok, err := c.domainName()
	if err != nil || !ok || folder {
		return false
	}
	d, err := c.openNamed(n, readRight)
	_, writable := d.(Writable)
	return err == nil && !writable
}

// kinds are the kinds of objects by the names of their collections.
func kinds() map[string]Kind {
	return map[string]Kind{"groups": GroupKind, "datasets": DatasetKind, "datatypes": DatatypeKind}
}

// read is h for a GET, and a refusal of anything that would write.
func (c *call) read(h handler) handler { return c.reads(c.req.Method == http.MethodGet, h) }

func (c *call) reads(yes bool, h handler) handler {
	if yes {
		return h
	}
	return c.unanswered
}

// readOnly is the refusal to change what cannot be changed here.
func (c *call) readOnly() error {
	if !c.known {
		return errStatus(http.StatusUnauthorized, "writing needs credentials")
	}
	return errStatus(http.StatusForbidden, "this is read only here")
}

// only is h for a GET of something that cannot be written at all.
func (c *call) only(get bool, h handler) handler {
	if get {
		return h
	}
	return func() (*Response, error) { return nil, &statusError{status: http.StatusMethodNotAllowed} }
}

// id reads the id of an object of a kind.
func (c *call) id(kind Kind, text string) (ID, error) {
	id, ok := ParseID(text)
	if !ok || id.Kind != kind {
		return ID{}, errText("Invalid " + noun(kind.Collection()) + " id: " + text)
	}
	return id, nil
}

// A statusError is answered with its status. text is the body; if it is empty, the usual text of the status is.
type statusError struct {
	status int
	text   string
	cause  error
}

func (e *statusError) Error() string {
	if e.cause != nil {
		return e.cause.Error()
	}
	return e.reason()
}

func (e *statusError) Unwrap() error { return e.cause }

func (e *statusError) reason() string {
	if e.text != "" {
		return e.text
	}
	return http.StatusText(e.status)
}

// errStatus is an error with a status, and what was wrong in particular.
func errStatus(status int, format string, args ...any) error {
	return &statusError{status, "", fmt.Errorf(format, args...)}
}

// statusOf is the status for an error that a domain returned, by its code.
func statusOf(err error) int {
	if errors.Is(err, ErrConflict) {
		return http.StatusConflict
	}
	switch core.CodeOf(err) {
	case core.NotFound:
		return http.StatusNotFound
	case core.Denied:
		return http.StatusForbidden
	case core.Invalid:
		return http.StatusBadRequest
	case core.Unavailable:
		return http.StatusServiceUnavailable
	case core.Unsupported:
		return http.StatusNotImplemented
	}
	return http.StatusInternalServerError
}

// failure is the answer to a request that failed.
func failure(err error) *Response {
	e, ok := errors.AsType[*statusError](err)
	if !ok {
		e = &statusError{statusOf(err), "", err}
	}
	h := http.Header{"Content-Type": {"text/plain; charset=utf-8"}}
	if e.cause != nil {
		h.Set("X-Hdf-Error", headerText(e.cause.Error()))
	}
	if e.status == http.StatusMethodNotAllowed {
		h.Set("Allow", "DELETE,GET,OPTIONS,POST,PUT")
	}
	return &Response{Status: e.status, Header: h, Body: []byte(strconv.Itoa(e.status) + ": " + headerText(e.reason()))}
}

// headerText is a text as one line of printable ASCII, of at most 500 bytes, as headers may have.
func headerText(s string) string {
	const most = 500
	b := []byte(s[:min(len(s), most)])
	for i, c := range b {
		if c < 0x20 || c > 0x7e {
			b[i] = '?'
		}
	}
	return string(b)
}

// cors lets web pages of other origins read the answer.
func (c *call) cors(r *Response) {
	if c.req.Header.Get("Origin") == "" {
		return
	}
	// Not the origin with Allow-Credentials: any page could then read with the password that a browser remembers.
	r.Header.Set("Access-Control-Allow-Origin", "*")
	r.Header.Set("Access-Control-Expose-Headers", "Content-Length,ETag,X-Hdf-Error")
	if c.req.Method != http.MethodOptions {
		return
	}
	r.Header.Set("Access-Control-Allow-Methods", "GET,POST,OPTIONS")
	r.Header.Set("Access-Control-Allow-Headers", "Authorization,Content-Type,Accept,X-Hdf-domain")
}

// answer is a response with a body of JSON, if that is not larger than the limit.
func (c *call) answer(o object) (*Response, error) {
	body := appendJSON(nil, o)
	if int64(len(body)) > c.Limits.JSON {
		return nil, errStatus(http.StatusRequestEntityTooLarge, "the answer has %d bytes of JSON, more than %d: ask for less with Limit, or for binary values", len(body), c.Limits.JSON)
	}
	return &Response{Status: http.StatusOK, Header: http.Header{"Content-Type": {"application/json; charset=utf-8"}}, Body: body}, nil
}

// tagged is answer with the ETag of a domain's version.
func (c *call) tagged(d Domain, o object) (*Response, error) {
	r, err := c.answer(o)
	if err == nil {
		r.Header.Set("ETag", strconv.Quote(strings.Trim(d.Info().Version, `"`)))
	}
	return r, err
}

// param is a parameter of the request; keys are spelled as clients send them.
func (c *call) param(key string) string { return c.req.Query.Get(key) }

// flag reports whether a parameter is set, and not to "0", "false" or "no".
func (c *call) flag(key string) bool {
	switch strings.ToLower(c.param(key)) {
	case "", "0", "f", "false", "no":
		return false
	}
	return true
}

// limit is the parameter Limit, the most entries of a list; most if it is 0 or not given.
func (c *call) limit(most int) (int, error) {
	text := c.param("Limit")
	if text == "" {
		return most, nil
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 0 {
		return 0, &statusError{http.StatusBadRequest, "Bad Request: Expected int type for limit", fmt.Errorf("Limit %q is not a number", text)}
	}
	if n == 0 || most > 0 && n > most {
		n = most
	}
	return n, nil
}

// href is an address in this API, with the domain if the client named it as a parameter.
func (c *call) href(p string) string {
	if c.domain == "" {
		return c.req.Base + p
	}
	s := c.req.Base + p + "?domain=" + c.domain
	if b := c.param("bucket"); b != "" {
		s += "&bucket=" + b
	}
	return s
}

func (c *call) link(rel, p string) object { return object{{"rel", rel}, {"href", c.href(p)}} }

// objectPath is the path of an object in this API.
func objectPath(id ID) string { return "/" + id.Kind.Collection() + "/" + id.String() }

func seconds(t time.Time) float64 { return float64(t.UnixMicro()) / 1e6 }

// matches reports whether a shell pattern matches a name; an empty pattern matches all.
func matches(pattern, name string) bool {
	if pattern == "" {
		return true
	}
	ok, err := path.Match(pattern, name)
	return ok && err == nil
}
