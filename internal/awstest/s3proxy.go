package awstest

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/xml"
	"io"
	"log"
	"net/http"
	"net/http/httputil"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"

	"github.com/englacial/zagg/internal/emulator"
)

// S3Usage counts requests and what was sent.
type S3Usage struct {
	Requests int64
	ByMethod map[string]int64
	Down, Up int64 // bytes of bodies, from and to the server
	Faults   int64 // requests that something went wrong with
}

// A proxy stands before a server.
type proxy struct {
	url, target string
	owner       aws.Credentials
	latency     time.Duration
	forward     *httputil.ReverseProxy
	signer      *v4.Signer
	fault       atomic.Pointer[func(*http.Request) S3Fault]
	down, up    atomic.Int64
	faults      atomic.Int64

	mu      sync.Mutex
	keys    map[string]*Key
	methods map[string]int64
}

func newProxy(target, url string, o S3Options) *proxy {
	p := &proxy{url: url, target: target, latency: o.Latency, keys: map[string]*Key{}, methods: map[string]int64{},
		owner:  aws.Credentials{AccessKeyID: o.AccessKey, SecretAccessKey: o.SecretKey},
		signer: v4.NewSigner(func(so *v4.SignerOptions) { so.DisableURIPathEscaping = true })}
	p.setFault(o.Fault)
	p.forward = &httputil.ReverseProxy{
		Rewrite:        p.rewrite,
		ModifyResponse: p.respond,
		Transport:      &http.Transport{MaxIdleConnsPerHost: 256, DisableCompression: true},
		ErrorLog:       log.New(io.Discard, "", 0), // connections that are cut are meant to be
		ErrorHandler: func(w http.ResponseWriter, _ *http.Request, _ error) {
			emulator.Cut(w)
		},
	}
	return p
}

func (p *proxy) setFault(fault func(*http.Request) S3Fault) {
	if fault == nil {
		fault = func(*http.Request) S3Fault { return S3Fault{} }
	}
	p.fault.Store(&fault)
}

func (p *proxy) setKey(k Key) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.keys[k.AccessKey] = &k
}

func (p *proxy) usage() S3Usage {
	p.mu.Lock()
	defer p.mu.Unlock()
	u := S3Usage{ByMethod: map[string]int64{}, Down: p.down.Load(), Up: p.up.Load(), Faults: p.faults.Load()}
	for m, n := range p.methods {
		u.ByMethod[m] = n
		u.Requests += n
	}
	return u
}

// answerFault is the key of a request's S3Fault in its context, for what goes wrong with the answer.
type answerFault struct{}

// asks is the key of the access key of who asks.
type asks struct{}

func (p *proxy) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	p.mu.Lock()
	p.methods[r.Method]++
	p.mu.Unlock()
	fault := (*p.fault.Load())(r)
	if !pause(r.Context(), p.latency+fault.Delay) {
		return
	}
	if refusal, bad := p.refuses(r); bad && fault.Status == 0 {
		fault = refusal
	}
	if fault.Status > 0 || fault.Reset || fault.Forget || fault.Truncate > 0 {
		p.faults.Add(1)
	}
	switch {
	case fault.Reset:
		emulator.Cut(w)
		return
	case fault.Status > 0:
		io.Copy(io.Discard, r.Body) //nolint:errcheck // a body that was read lets the connection live
		refuse(w, r, fault)
		return
	}
	if fault.Forget || fault.Truncate > 0 {
		r = r.WithContext(context.WithValue(r.Context(), answerFault{}, fault))
	}
	r = r.WithContext(context.WithValue(r.Context(), asks{}, emulator.AccessKeyOf(r.Header.Get("Authorization"))))
	p.forward.ServeHTTP(w, r)
}

func pause(ctx context.Context, d time.Duration) bool {
	if d <= 0 {
		return true
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// refuses looks at the key that a request was signed with.
func (p *proxy) refuses(r *http.Request) (S3Fault, bool) {
	name := emulator.AccessKeyOf(r.Header.Get("Authorization"))
	p.mu.Lock()
	key := p.keys[name]
	p.mu.Unlock()
	switch {
	case key != nil:
		return key.refuses(r, time.Now())
	case name != p.owner.AccessKeyID && name != "":
		return S3Fault{Status: http.StatusForbidden, Code: "InvalidAccessKeyId", Message: "The AWS Access Key Id you provided does not exist in our records."}, true
	case name == "":
		return AccessDenied(), true
	}
	return S3Fault{}, false
}

func refuse(w http.ResponseWriter, r *http.Request, f S3Fault) {
	w.Header().Set("Content-Type", "application/xml")
	w.WriteHeader(f.Status)
	if r.Method == http.MethodHead {
		return
	}
	type document struct {
		XMLName   xml.Name `xml:"Error"`
		Code      string
		Message   string
		Resource  string
		RequestID string `xml:"RequestId"`
	}
	xml.NewEncoder(w).Encode(document{Code: f.Code, Message: f.Message, Resource: r.URL.Path, RequestID: emulator.NewID()}) //nolint:errcheck // whoever asked is gone
}

// rewrite sends a request on: the owner's as it is, that of another key signed by the owner.
func (p *proxy) rewrite(r *httputil.ProxyRequest) {
	target, _ := url.Parse(p.target) // made here
	r.SetURL(target)
	r.Out.Host = r.In.Host // it is signed
	if r.Out.Body != nil {
		r.Out.Body = &counted{r.Out.Body, &p.up}
	}
	if emulator.AccessKeyOf(r.In.Header.Get("Authorization")) == p.owner.AccessKeyID {
		return
	}
	h := r.Out.Header
	h.Del("Authorization")
	h.Del("X-Amz-Security-Token")
	r.Out.Host = target.Host
	hash := h.Get("X-Amz-Content-Sha256")
	if hash == "" || strings.HasPrefix(hash, "STREAMING-") {
		hash = "UNSIGNED-PAYLOAD"
		if r.Out.ContentLength == 0 {
			empty := sha256.Sum256(nil)
			hash = hex.EncodeToString(empty[:])
		}
		h.Set("X-Amz-Content-Sha256", hash)
	}
	// A failure leaves the request without a signature, which the server refuses.
	p.signer.SignHTTP(r.Out.Context(), p.owner, r.Out, hash, "s3", "us-east-1", time.Now()) //nolint:errcheck // see above
}

func (p *proxy) respond(r *http.Response) error {
	if r.StatusCode == http.StatusNotFound && p.unlisted(r.Request) {
		return hide(r)
	}
	r.Body = &counted{r.Body, &p.down}
	fault, _ := r.Request.Context().Value(answerFault{}).(S3Fault)
	switch {
	case fault.Forget:
		r.Body.Close() //nolint:errcheck // it is not wanted
		return io.ErrUnexpectedEOF
	case fault.Truncate > 0:
		r.Body = &short{r.Body, fault.Truncate}
	}
	return nil
}

// unlisted reports whether who asks may not know what is there.
func (p *proxy) unlisted(r *http.Request) bool {
	name, _ := r.Context().Value(asks{}).(string)
	p.mu.Lock()
	defer p.mu.Unlock()
	key := p.keys[name]
	return key != nil && key.Unlisted
}

// hide makes a denial of the answer that there is no such object.
func hide(r *http.Response) error {
	r.Body.Close() //nolint:errcheck // it is not wanted
	text := ""
	if r.Request.Method != http.MethodHead {
		text = `<?xml version="1.0" encoding="UTF-8"?><Error><Code>AccessDenied</Code><Message>Access Denied</Message></Error>`
	}
	r.StatusCode, r.Status, r.ContentLength = http.StatusForbidden, "403 Forbidden", int64(len(text))
	r.Header = http.Header{"Content-Type": {"application/xml"}, "Content-Length": {strconv.Itoa(len(text))}}
	r.Body = io.NopCloser(strings.NewReader(text))
	return nil
}

// A counted body counts its bytes.
type counted struct {
	io.ReadCloser
	n *atomic.Int64
}

func (c *counted) Read(b []byte) (int, error) {
	n, err := c.ReadCloser.Read(b)
	c.n.Add(int64(n))
	return n, err
}

// A short body fails after some bytes.
type short struct {
	io.ReadCloser
	left int64
}

func (s *short) Read(b []byte) (int, error) {
	if s.left == 0 {
		return 0, io.ErrUnexpectedEOF
	}
	n, err := s.ReadCloser.Read(b[:min(int64(len(b)), s.left)])
	s.left -= int64(n)
	return n, err
}
