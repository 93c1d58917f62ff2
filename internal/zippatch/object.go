package zippatch

import (
	"cmp"
	"context"
	"errors"
	"io"
	"maps"
	"math/rand/v2"
	"net/http"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"github.com/englacial/zagg/core"
)

// Mark is the key of an object's metadata that names the patch which wrote it.
const Mark = "zagg-patch"

// An Object is an archive in S3.
type Object struct {
	Client      *s3.Client
	Bucket, Key string
}

// NewClient is a client as this package needs it. Any service that is not AWS is addressed by paths.
func NewClient(cfg aws.Config) *s3.Client {
	return s3.NewFromConfig(cfg, func(o *s3.Options) {
		o.UsePathStyle = o.BaseEndpoint != nil
		o.Retryer = retry.NewStandard(func(r *retry.StandardOptions) { r.MaxAttempts, r.MaxBackoff = 6, 2*time.Second })
		o.RequestChecksumCalculation = aws.RequestChecksumCalculationWhenRequired
		o.ResponseChecksumValidation = aws.ResponseChecksumValidationWhenRequired
	})
}

// URL is the object's address.
func (o *Object) URL() string { return "s3://" + o.Bucket + "/" + o.Key }

// Address takes "s3://bucket/key" or "bucket/key" apart: the bucket is up to the first slash, the key everything behind it.
func Address(text string) (bucket, key string, err error) {
	bucket, key, _ = strings.Cut(strings.TrimPrefix(text, "s3://"), "/")
	switch {
	case bucket == "" || strings.ContainsAny(bucket, " ?#%\\@:"):
		return "", "", core.Errorf(core.Invalid, "", "", "%q has no name of a bucket; want s3://bucket/key", text)
	case key == "":
		return "", "", core.Errorf(core.Invalid, "", "", "%q has a bucket and no key; want s3://bucket/key", text)
	}
	return bucket, key, nil
}

// Read opens the object from its beginning.
func (o *Object) Read(ctx context.Context) (io.ReadCloser, error) {
	out, err := o.Client.GetObject(ctx, &s3.GetObjectInput{Bucket: &o.Bucket, Key: &o.Key})
	if err != nil {
		return nil, o.fail(err)
	}
	return out.Body, nil
}

// errChanged says that the object is not what was read any more.
var errChanged = errors.New("it was changed by another at the same time")

// attempts is how often a patch begins anew because another has changed the object.
const attempts = 100

// Patch changes the archive. It is replaced whole and only if it still is what was read; if another changed it in the
// meantime, Patch begins anew with what it is then, so that no patch is lost. Without edits the archive is only checked.
func (o *Object) Patch(ctx context.Context, edits []Edit) (Counts, error) {
	id := newID()
	var before Counts // of the attempt that may have succeeded without an answer
	for try := range attempts {
		head, err := o.head(ctx)
		if err != nil {
			return Counts{}, err
		}
		if try > 0 && head.Metadata[Mark] == id {
			return before, nil
		}
		var plan *Plan
		if plan, err = o.plan(ctx, head, edits); err == nil && len(edits) > 0 {
			before = plan.Counts
			err = o.write(ctx, head, plan, id)
		}
		if err == nil {
			return plan.Counts, nil
		}
		written, err := o.settle(ctx, id, head, err)
		if written {
			return before, nil
		}
		if !errors.Is(err, errChanged) {
			return Counts{}, err
		}
		select {
		case <-ctx.Done():
			return Counts{}, core.Errorf(core.Unavailable, op, o.URL(), "%w, and there was no time to begin anew", errChanged)
		case <-time.After(rand.N(20*time.Millisecond + time.Duration(min(try, 20))*20*time.Millisecond)):
		}
	}
	return Counts{}, core.Errorf(core.Unavailable, op, o.URL(), "%w, %d times", errChanged, attempts)
}

// settle finds out what an attempt that failed came to: whether only the answer of its last request was lost, or the object
// is another by now. A server may end the connection of a request whose condition fails before it has read all of it, and
// a reader of an object that is being replaced may be given a mixture.
func (o *Object) settle(ctx context.Context, id string, before *s3.HeadObjectOutput, err error) (written bool, _ error) {
	if code := core.CodeOf(err); errors.Is(err, errChanged) || ctx.Err() != nil || code != core.Unavailable && code != core.Corrupt && code != core.NotFound {
		return false, err
	}
	now, e := o.head(ctx)
	switch {
	case e != nil:
	case now.Metadata[Mark] == id:
		return true, nil
	case aws.ToString(now.ETag) != aws.ToString(before.ETag) || aws.ToInt64(now.ContentLength) != aws.ToInt64(before.ContentLength):
		err = core.Errorf(core.Unavailable, op, o.URL(), "%w", errChanged)
	}
	return false, err
}

// plan reads the archive as it is now.
func (o *Object) plan(ctx context.Context, head *s3.HeadObjectOutput, edits []Edit) (*Plan, error) {
	a, err := Open(ctx, &objectReader{o, head.ETag}, aws.ToInt64(head.ContentLength), o.URL())
	if err != nil {
		return nil, err
	}
	return a.Apply(edits)
}

// listAt reads the directory of the archive.
func (o *Object) List(ctx context.Context) (*Archive, error) {
	head, err := o.head(ctx)
	if err != nil {
		return nil, err
	}
	return listAt(ctx, &objectReader{o, head.ETag}, aws.ToInt64(head.ContentLength), o.URL())
}

func (o *Object) head(ctx context.Context) (*s3.HeadObjectOutput, error) {
	out, err := o.Client.HeadObject(ctx, &s3.HeadObjectInput{Bucket: &o.Bucket, Key: &o.Key})
	if err != nil {
		return nil, o.fail(err)
	}
	return out, nil
}

// An objectReader reads ranges of one version of an object.
type objectReader struct {
	*Object
	etag *string
}

func (r *objectReader) ReadAt(ctx context.Context, p []byte, offset int64) error {
	if len(p) == 0 {
		return nil
	}
	body, err := r.open(ctx, offset, int64(len(p)))
	if err != nil {
		return err
	}
	defer body.Close() //nolint:errcheck // only read
	for n := 0; n < len(p); {
		m, err := io.ReadFull(body, p[n:])
		n += m
		if n == len(p) {
			return nil
		}
		if m == 0 {
			return core.Errorf(core.Unavailable, op, r.URL(), "reading bytes %d to %d: %w", offset, offset+int64(len(p)), cmp.Or(err, io.ErrUnexpectedEOF))
		}
		body.Close() //nolint:errcheck // only read
		if body, err = r.open(ctx, offset+int64(n), int64(len(p)-n)); err != nil {
			return err
		}
	}
	return nil
}

func (r *objectReader) open(ctx context.Context, offset, n int64) (io.ReadCloser, error) {
	out, err := r.Client.GetObject(ctx, &s3.GetObjectInput{Bucket: &r.Bucket, Key: &r.Key, IfMatch: r.etag, Range: aws.String(rangeOf(offset, n))})
	if err != nil {
		return nil, r.fail(err)
	}
	if out.ETag != nil && r.etag != nil && *out.ETag != *r.etag { // not every server holds IfMatch against what it then sends
		out.Body.Close() //nolint:errcheck // not wanted
		return nil, core.Errorf(core.Unavailable, op, r.URL(), "%w", errChanged)
	}
	return out.Body, nil
}

// fail gives an error of S3 its code and says what it is about.
func (o *Object) fail(err error) error {
	status, code := 0, ""
	if e, ok := errors.AsType[*smithyhttp.ResponseError](err); ok && e.Response != nil {
		status = e.Response.StatusCode
	}
	if e, ok := errors.AsType[smithy.APIError](err); ok {
		code = e.ErrorCode()
	}
	switch {
	case status == http.StatusPreconditionFailed || status == http.StatusConflict || code == "PreconditionFailed":
		return core.Errorf(core.Unavailable, op, o.URL(), "%w (%s)", errChanged, code)
	case code == "NoSuchBucket":
		return core.Errorf(core.NotFound, op, o.URL(), "there is no bucket %s", o.Bucket)
	case code == "NoSuchUpload":
		return core.Errorf(core.Unavailable, op, o.URL(), "its upload was ended by another: %w", err)
	case status == http.StatusNotFound:
		return core.Errorf(core.NotFound, op, o.URL(), "there is no such object")
	case status == http.StatusUnauthorized || status == http.StatusForbidden:
		return core.Errorf(core.Denied, op, o.URL(), "access denied; an object that is missing is answered so too to those who may not list the bucket: %w", err)
	case status == http.StatusNotImplemented:
		return core.Errorf(core.Unsupported, op, o.URL(), "%w", err)
	case status >= 400 && status < 500 && code != "RequestTimeout":
		return core.Errorf(core.Invalid, op, o.URL(), "%w", err)
	}
	return core.Errorf(core.Unavailable, op, o.URL(), "%w", err)
}

// marked is an object's metadata with the name of a patch, which makes it no restored version any more.
func marked(metadata map[string]string, id string) map[string]string {
	m := maps.Clone(metadata)
	if m == nil {
		m = map[string]string{}
	}
	m[Mark] = id
	delete(m, restored)
	return m
}
