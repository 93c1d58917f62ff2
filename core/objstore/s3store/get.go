package s3store

import (
	"context"
	"errors"
	"io"
	"net/http"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/core/objstore"
)

var _ objstore.Getter = (*Store)(nil)

// Get sends one GET of the whole object, with If-None-Match where an ETag is known.
func (s *Store) Get(ctx context.Context, objectURL, known string, limit int64) ([]byte, core.ObjectInfo, error) {
	const op = "s3store.Get"
	bucket, key, err := splitObject(op, objectURL)
	if err != nil {
		return nil, core.ObjectInfo{}, err
	}
	if err := s.ready(ctx, op, objectURL); err != nil {
		return nil, core.ObjectInfo{}, err
	}
	ctx, cancel := context.WithTimeout(ctx, requestTimeout)
	defer cancel()
	in := &s3.GetObjectInput{Bucket: &bucket, Key: &key, RequestPayer: s.payer()}
	if known != "" {
		in.IfNoneMatch = &known
	}
	out, err := s.client.GetObject(ctx, in, s.perBucket(bucket))
	if err != nil {
		if e, ok := errors.AsType[*smithyhttp.ResponseError](err); ok && e.HTTPStatusCode() == http.StatusNotModified {
			return nil, core.ObjectInfo{URL: objectURL, ETag: known}, core.Errorf(core.Invalid, op, objectURL, "%w", objstore.ErrUnchanged)
		}
		return nil, core.ObjectInfo{}, s.sdkError(op, objectURL, err)
	}
	defer out.Body.Close() //nolint:errcheck // only read
	size := aws.ToInt64(out.ContentLength)
	if size > limit {
		return nil, core.ObjectInfo{}, core.Errorf(core.Invalid, op, objectURL, "is longer than the %d bytes allowed here", limit)
	}
	data := make([]byte, size)
	if n, err := io.ReadFull(out.Body, data); err != nil {
		return nil, core.ObjectInfo{}, core.Errorf(core.Unavailable, op, objectURL, "the answer ends after %d of %d bytes: %w", n, size, err)
	}
	return data, core.ObjectInfo{URL: objectURL, ETag: aws.ToString(out.ETag), Size: size, Modified: aws.ToTime(out.LastModified)}, nil
}
