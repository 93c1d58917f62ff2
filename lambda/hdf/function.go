package hdf

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"os"
	"runtime/debug"
	"strings"
	"time"

	"github.com/aws/aws-lambda-go/lambda"
	"github.com/aws/aws-lambda-go/lambdacontext"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/core/h5"
	"github.com/englacial/zagg/core/objstore"
	"github.com/englacial/zagg/core/objstore/s3store"
	"github.com/englacial/zagg/internal/hdfrest"
	"github.com/englacial/zagg/internal/hdfrest/h5files"
	"github.com/englacial/zagg/internal/hdfrest/hsds"
	"github.com/englacial/zagg/lambda/boot"
)

// Main serves the function's events; it does not return.
func Main() {
	boot.Main("zagg-hdf", nil, func() (lambda.Handler, error) { return New(os.Getenv, os.Stdout) })
}

// A Function is one sandbox.
type Function struct {
	server *hdfrest.Server
	log    *slog.Logger
	usage  *objstore.Counter
}

var _ lambda.Handler = (*Function)(nil)

// Bounds of one invocation: what a function may answer with, a file's metadata and chunks within its memory.
const (
	maxValue   = maxResult / 2 // bytes that become hexadecimal text
	fetchBytes = 192 << 20
	chunkBytes = 128 << 20
	reserve    = time.Second // of the function's time, for saying that it did not suffice
)

// New is a function with the settings of the environment.
func New(env func(string) string, log io.Writer) (*Function, error) {
	read, err := parsePlaces(envRead, env(envRead))
	if err != nil {
		return nil, err
	}
	public, err := parsePlaces(envPublic, env(envPublic))
	if err != nil {
		return nil, err
	}
	b := &buckets{read: read, options: s3store.Options{Endpoint: env(envGateway)}}
	usage := &objstore.Counter{}
	retry := objstore.Policy{Attempts: 5, Base: 50 * time.Millisecond, Max: 2 * time.Second}
	store := hdfrest.Both(h5files.New(h5files.Options{
		Bucket: b.files, Usage: usage, Retry: retry,
		H5: h5.Options{ValueBytes: 2 * maxValue, FetchBytes: fetchBytes, ChunkBytes: chunkBytes},
	}), hsds.New(hsds.Options{Bucket: b.kept, Write: env(envWrite) == "1", Usage: usage, Retry: retry, ValueBytes: 2 * maxValue, ChunkBytes: fetchBytes}))
	user, password := credentials(env)
	server := hdfrest.New(hdfrest.Config{
		Store: store, Bucket: env(envBucket), User: user, Password: password, Public: public.has,
		Admins: strings.Fields(env(envAdmins)),
		Limits: hdfrest.Limits{Value: maxValue, JSON: maxResult, Body: maxResult, Time: 15 * time.Minute},
	})
	return &Function{server: server, log: boot.NewLog(log), usage: usage}, nil
}

// Invoke answers one event. It is an error only where the function itself is broken.
func (f *Function) Invoke(ctx context.Context, event []byte) (out []byte, err error) {
	began, before := time.Now(), f.usage.Usage()
	defer func() {
		if p := recover(); p != nil {
			f.log.Error("panic", "error", p, "stack", string(debug.Stack()))
			err = core.Errorf(core.Internal, "hdf", "", "panic: %v; the stack is in the function's log", p)
		}
	}()
	req, viaGateway, err := decode(event)
	if err != nil {
		return refused(http.StatusBadRequest, err)
	}
	if end, ok := ctx.Deadline(); ok {
		var cancel context.CancelFunc
		ctx, cancel = context.WithDeadline(ctx, end.Add(-reserve))
		defer cancel()
	}
	encode := direct
	if viaGateway {
		encode = gateway
	}
	if req.Base == "" {
		req.Base = "http+lambda://" + lambdacontext.FunctionName
	}
	resp := f.server.Serve(ctx, req)
	f.note(ctx, req, resp, time.Since(began), f.usage.Usage().Sub(before))
	return encode(resp)
}

// note logs a request without its parameters, headers and body, of which some are secrets.
func (f *Function) note(ctx context.Context, req *hdfrest.Request, resp *hdfrest.Response, took time.Duration, u objstore.Usage) {
	id := ""
	if lc, ok := lambdacontext.FromContext(ctx); ok {
		id = lc.AwsRequestID
	}
	path, _, _ := strings.Cut(req.Path, "?")
	attrs := []any{
		"request_id", id, "method", req.Method, "path", path[:min(len(path), 200)], "status", resp.Status, "bytes", len(resp.Body), "ms", took.Milliseconds(),
		"s3_requests", u.Gets + u.Heads + u.Lists, "s3_bytes", u.Down,
	}
	if e := resp.Header.Get("X-Hdf-Error"); e != "" && resp.Status >= http.StatusInternalServerError {
		attrs = append(attrs, "error", e)
	}
	f.log.Info("request", attrs...)
}
