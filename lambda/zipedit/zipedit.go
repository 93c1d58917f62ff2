// Package zipedit is a Lambda function for provided.al2023 that changes files of a zip in S3 in place.
//
// The event is {"src": "s3://bucket/key", "changes": {name: content}} and the answer {"added": 1, "modified": 2}, with
// "deleted" where something was. A content is text, null to delete the file, {"base64": "…"}, or {"s3": "s3://bucket/key"}.
// A failure is an error of the function, with the code's name as its type, and the zip is then as it was.
//
// Its tests are in test/zip.
package zipedit

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"os"
	"runtime/debug"
	"strings"
	"time"

	"github.com/aws/aws-lambda-go/lambda"
	"github.com/aws/aws-lambda-go/lambda/messages"
	awsconfig "github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/internal/zippatch"
	"github.com/englacial/zagg/lambda/boot"
)

// Main serves the function's events; it does not return. With the flag -manifest the program says what it is and ends.
func Main() {
	boot.Main("zagg-zipedit", nil, func() (lambda.Handler, error) {
		cfg, err := awsconfig.LoadDefaultConfig(context.Background())
		if err != nil {
			return nil, core.Errorf(core.Invalid, "zipedit", "", "AWS configuration: %w", err)
		}
		return newHandler(zippatch.NewClient(cfg), os.Stdout), nil
	})
}

// A Function is one sandbox.
type Function struct {
	client *s3.Client
	log    *slog.Logger
}

// newHandler is a function that reaches S3 by a client.
func newHandler(client *s3.Client, log io.Writer) *Function {
	return &Function{client, boot.NewLog(log)}
}

// An Answer is what was done.
type Answer struct {
	Added    int `json:"added"`
	Modified int `json:"modified"`
	Deleted  int `json:"deleted,omitempty"`
}

// Invoke answers one event; it is called by package lambda.
func (f *Function) Invoke(ctx context.Context, event []byte) (answer []byte, err error) {
	began := time.Now()
	src := ""
	defer func() {
		if p := recover(); p != nil {
			f.log.Error("panic", "src", src, "error", fmt.Sprint(p), "stack", string(debug.Stack()))
			err = core.Errorf(core.Internal, "zipedit", src, "panic: %v; the stack is in the function's log", p)
		}
		if err != nil {
			f.log.Error("failed", "src", src, "code", core.CodeOf(err).String(), "error", err.Error())
			err = messages.InvokeResponse_Error{Type: typeOf(err), Message: err.Error()}
		}
	}()
	e, err := parse(event)
	if err != nil {
		return nil, err
	}
	src = e.src
	object, err := f.object("src", e.src)
	if err != nil {
		return nil, err
	}
	edits, err := f.edits(ctx, e)
	if err != nil {
		return nil, err
	}
	ctx, stop := beforeTheEnd(ctx)
	defer stop()
	n, err := object.Patch(ctx, edits)
	if err != nil {
		return nil, err
	}
	f.log.Info("patched", "src", src, "added", n.Added, "modified", n.Modified, "deleted", n.Deleted, "duration_s", time.Since(began).Seconds())
	return json.Marshal(Answer{n.Added, n.Modified, n.Deleted})
}

// beforeTheEnd leaves time to remove an unfinished upload before Lambda ends the sandbox.
func beforeTheEnd(ctx context.Context) (context.Context, context.CancelFunc) {
	end, ok := ctx.Deadline()
	if !ok {
		return ctx, func() {}
	}
	return context.WithDeadline(ctx, end.Add(-min(4*time.Second, time.Until(end)/5)))
}

// typeOf is an error's code as a name of a type: NotFound.
func typeOf(err error) string {
	out := ""
	for word := range strings.FieldsSeq(core.CodeOf(err).String()) {
		out += strings.ToUpper(word[:1]) + word[1:]
	}
	return out
}

func (f *Function) object(what, address string) (*zippatch.Object, error) {
	bucket, key, err := zippatch.Address(address)
	if err != nil {
		return nil, core.Errorf(core.Invalid, "event", what, "%w", err)
	}
	return &zippatch.Object{Client: f.client, Bucket: bucket, Key: key}, nil
}

// edits fetches contents that are elsewhere.
func (f *Function) edits(ctx context.Context, e *event) ([]zippatch.Edit, error) {
	edits := make([]zippatch.Edit, len(e.changes))
	for i, c := range e.changes {
		edits[i].Name = c.name
		var err error
		switch {
		case c.from != "":
			edits[i].Content, err = f.fetch(ctx, c)
		case c.data != nil:
			edits[i].Content = zippatch.Bytes(c.data)
		}
		if err != nil {
			return nil, err
		}
	}
	return edits, nil
}

func (f *Function) fetch(ctx context.Context, c change) (*zippatch.Content, error) {
	o, err := f.object("changes: "+c.name+": s3", c.from)
	if err != nil {
		return nil, err
	}
	body, err := o.Read(ctx)
	if err != nil {
		return nil, err
	}
	defer body.Close() //nolint:errcheck // only read
	content, err := zippatch.Deflate(body)
	if err != nil {
		return nil, core.Errorf(cmp.Or(core.CodeOf(err), core.Unavailable), "zipedit", c.from, "%w", err)
	}
	return content, nil
}
