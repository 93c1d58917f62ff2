// Package hdfclient reads domains through the HDF REST API: from a service over HTTP, from a Lambda function, or from a local file served
// in-process. The tests of cmd/zagg/cli (TestHDF…) run it against a server.
package hdfclient

import (
	"bytes"
	"context"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsconfig "github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/lambda"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/internal/hdfrest"
)

// A transport brings a request to a service.
type transport func(context.Context, *hdfrest.Request) (*hdfrest.Response, error)

// A Client asks for one domain.
type Client struct {
	do                             transport
	domain, bucket, user, password string
}

// get asks with GET; an answer that is none is an error.
func (c *Client) get(ctx context.Context, path string, params map[string]string, accept string) (*hdfrest.Response, error) {
	q := url.Values{"domain": {c.domain}}
	if c.bucket != "" {
		q.Set("bucket", c.bucket)
	}
	for k, v := range params {
		if v != "" {
			q.Set(k, v)
		}
	}
	h := http.Header{"Accept": {accept}}
	if c.user != "" {
		r := http.Request{Header: h}
		r.SetBasicAuth(c.user, c.password)
	}
	resp, err := c.do(ctx, &hdfrest.Request{Method: http.MethodGet, Path: path, Query: q, Header: h})
	if err != nil {
		return nil, err
	}
	if resp.Status != http.StatusOK {
		return nil, c.refusal(path, params, resp)
	}
	return resp, nil
}

// refusal is the error that an answer is.
func (c *Client) refusal(path string, params map[string]string, r *hdfrest.Response) error {
	code := core.Invalid
	switch r.Status {
	case http.StatusNotFound, http.StatusGone:
		code = core.NotFound
	case http.StatusUnauthorized, http.StatusForbidden:
		code = core.Denied
	case http.StatusServiceUnavailable:
		code = core.Unavailable
	case http.StatusInternalServerError:
		code = core.Corrupt
	}
	subject := c.domain
	if p := params["h5path"]; p != "" {
		subject += " " + p
	} else if path != "/" {
		subject += " " + path
	}
	text := strings.TrimSpace(string(r.Body[:min(len(r.Body), 500)]))
	if why := r.Header.Get("X-Hdf-Error"); why != "" {
		text += " (" + why + ")"
	}
	return core.Errorf(code, "hdf", subject, "%s", text)
}

// object asks for JSON.
func (c *Client) object(ctx context.Context, path string, params map[string]string, into any) error {
	p := map[string]string{"ignore_nan": "1"} // standard JSON
	for k, v := range params {
		p[k] = v
	}
	resp, err := c.get(ctx, path, p, "application/json")
	if err != nil {
		return err
	}
	if err := json.Unmarshal(resp.Body, into); err != nil {
		return core.Errorf(core.Corrupt, "hdf", c.domain+" "+path, "the answer is not JSON: %w", err)
	}
	return nil
}

// mostAnswer is the longest answer read from a service.
const mostAnswer = 1 << 30

// httpTransport asks over HTTP.
func httpTransport(endpoint string) transport {
	return func(ctx context.Context, r *hdfrest.Request) (*hdfrest.Response, error) {
		req, err := http.NewRequestWithContext(ctx, r.Method, endpoint+r.Path+"?"+r.Query.Encode(), bytes.NewReader(r.Body))
		if err != nil {
			return nil, core.Errorf(core.Invalid, "hdf", endpoint, "%w", err)
		}
		req.Header = r.Header
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			return nil, core.Errorf(core.Unavailable, "hdf", endpoint, "%w", err)
		}
		defer resp.Body.Close() //nolint:errcheck // only read
		body, err := io.ReadAll(io.LimitReader(resp.Body, mostAnswer))
		if err != nil {
			return nil, core.Errorf(core.Unavailable, "hdf", endpoint, "%w", err)
		}
		return &hdfrest.Response{Status: resp.StatusCode, Header: resp.Header, Body: body}, nil
	}
}

// lambdaTransport invokes a function, as h5pyd does.
func lambdaTransport(ctx context.Context, function, region string) (transport, error) {
	cfg, err := awsconfig.LoadDefaultConfig(ctx, awsconfig.WithRegion(region))
	if err != nil {
		return nil, core.Errorf(core.Invalid, "hdf", function, "AWS configuration: %w", err)
	}
	client := lambda.NewFromConfig(cfg)
	return func(ctx context.Context, r *hdfrest.Request) (*hdfrest.Response, error) {
		event := map[string]any{"method": r.Method, "path": r.Path, "params": flat(r.Query), "headers": flat(r.Header)}
		payload, err := json.Marshal(event)
		if err != nil {
			return nil, core.Errorf(core.Internal, "hdf", function, "%w", err)
		}
		out, err := client.Invoke(ctx, &lambda.InvokeInput{FunctionName: &function, Payload: payload})
		if err != nil {
			return nil, core.Errorf(core.Unavailable, "hdf", function, "%w", err)
		}
		if e := aws.ToString(out.FunctionError); e != "" {
			return nil, core.Errorf(core.Unavailable, "hdf", function, "%s: %.300s", e, out.Payload)
		}
		return fromLambda(function, out.Payload)
	}, nil
}

func flat(m map[string][]string) map[string]string {
	out := map[string]string{}
	for k, v := range m {
		out[k] = v[0]
	}
	return out
}

// fromLambda reads a function's answer.
func fromLambda(function string, payload []byte) (*hdfrest.Response, error) {
	var r struct {
		Status  int             `json:"statusCode"`
		Headers string          `json:"headers"`
		Body    json.RawMessage `json:"body"`
		Encoded bool            `json:"isBase64Encoded"`
		Refused int             `json:"status_code"`
		Error   string          `json:"error"`
	}
	if err := json.Unmarshal(payload, &r); err != nil {
		return nil, core.Errorf(core.Corrupt, "hdf", function, "is this function zagg's or HSDS's? %w", err)
	}
	if r.Refused != 0 {
		return nil, core.Errorf(core.Invalid, "hdf", function, "%d: %s", r.Refused, r.Error)
	}
	resp := &hdfrest.Response{Status: r.Status, Header: http.Header{}, Body: r.Body}
	var headers map[string]string
	if err := json.Unmarshal([]byte(r.Headers), &headers); err != nil {
		return nil, core.Errorf(core.Corrupt, "hdf", function, "headers of the answer: %w", err)
	}
	for k, v := range headers {
		resp.Header.Set(k, v)
	}
	var text string
	if json.Unmarshal(r.Body, &text) != nil {
		return resp, nil
	}
	resp.Body = []byte(text)
	if r.Encoded {
		var err error
		if resp.Body, err = hex.DecodeString(text); err != nil {
			return nil, core.Errorf(core.Corrupt, "hdf", function, "the answer's bytes: %w", err)
		}
	} else if r.Status != http.StatusOK {
		resp.Body = fmt.Appendf(nil, "%d: %s", r.Status, http.StatusText(r.Status))
	}
	return resp, nil
}
