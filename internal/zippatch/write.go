package zippatch

import (
	"bytes"
	"context"
	"crypto/rand"
	"fmt"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"github.com/englacial/zagg/core"
)

// Sizes of uploads. S3 takes parts of 5 MiB and more, but for the last.
const (
	mostWhole  = 8 << 20 // an archive up to this is sent with one request
	leastPart  = 5 << 20
	mostSent   = 8 << 20  // of a part that is sent
	mostCopied = 16 << 20 // of a part that S3 copies; the last of a range may have leastPart more
	inFlight   = 4        // parts at once
)

func newID() string { return rand.Text() }

func rangeOf(offset, n int64) string { return fmt.Sprintf("bytes=%d-%d", offset, offset+n-1) }

// write replaces the object that head describes by a plan's archive: whole, or not at all.
func (o *Object) write(ctx context.Context, head *s3.HeadObjectOutput, plan *Plan, id string) error {
	w := &writer{Object: o, head: head, source: &objectReader{o, head.ETag}, metadata: marked(head.Metadata, id)}
	if plan.Size <= mostWhole {
		return w.whole(ctx, plan)
	}
	return w.parts(ctx, plan)
}

// A writer replaces an object by another with the same headers.
type writer struct {
	*Object
	head     *s3.HeadObjectOutput
	source   ReaderAt
	metadata map[string]string
	upload   *string
}

// key is the KMS key of the object, where the bucket's own is not to be used.
func (w *writer) key() *string {
	if w.head.ServerSideEncryption == types.ServerSideEncryptionAwsKms {
		return w.head.SSEKMSKeyId
	}
	return nil
}

func (w *writer) whole(ctx context.Context, plan *Plan) error {
	data, err := w.bytes(ctx, plan.Pieces)
	if err != nil {
		return err
	}
	_, err = w.Client.PutObject(ctx, &s3.PutObjectInput{
		Bucket: &w.Bucket, Key: &w.Key, Body: bytes.NewReader(data), ContentLength: aws.Int64(int64(len(data))), IfMatch: w.head.ETag, Metadata: w.metadata,
		ContentType: w.head.ContentType, CacheControl: w.head.CacheControl, ContentDisposition: w.head.ContentDisposition,
		StorageClass: types.StorageClass(w.head.StorageClass), ServerSideEncryption: w.head.ServerSideEncryption, SSEKMSKeyId: w.key(),
	}, func(c *s3.Options) { c.RetryMaxAttempts = 3 }) // see settle
	if err != nil {
		return w.fail(err)
	}
	return nil
}

// bytes puts pieces together.
func (w *writer) bytes(ctx context.Context, pieces []Piece) ([]byte, error) {
	size := int64(0)
	for _, p := range pieces {
		size += p.Length
	}
	data := make([]byte, size)
	at := int64(0)
	for _, p := range pieces {
		if p.Data != nil {
			copy(data[at:], p.Data)
		} else if err := w.source.ReadAt(ctx, data[at:at+p.Length], p.Offset); err != nil {
			return nil, err
		}
		at += p.Length
	}
	return data, nil
}

// parts writes an upload of parts. What is there of it when something fails is removed.
func (w *writer) parts(ctx context.Context, plan *Plan) error {
	// Also when ctx ends in between: an upload whose name is not known could not be removed.
	creating, stop := context.WithTimeout(context.WithoutCancel(ctx), 20*time.Second)
	defer stop()
	created, err := w.Client.CreateMultipartUpload(creating, &s3.CreateMultipartUploadInput{
		Bucket: &w.Bucket, Key: &w.Key, Metadata: w.metadata, ContentType: w.head.ContentType, CacheControl: w.head.CacheControl, ContentDisposition: w.head.ContentDisposition,
		StorageClass: types.StorageClass(w.head.StorageClass), ServerSideEncryption: w.head.ServerSideEncryption, SSEKMSKeyId: w.key(),
	})
	if err != nil {
		return w.fail(err)
	}
	w.upload = created.UploadId
	done, err := w.sendAll(ctx, divide(plan.Pieces))
	if err == nil {
		_, err = w.Client.CompleteMultipartUpload(ctx, &s3.CompleteMultipartUploadInput{
			Bucket: &w.Bucket, Key: &w.Key, UploadId: w.upload, IfMatch: w.head.ETag, MultipartUpload: &types.CompletedMultipartUpload{Parts: done},
		})
		if err == nil {
			return nil
		}
		err = w.fail(err)
	}
	w.abort(ctx)
	return err
}

// aborts is how often an upload is ended at most.
const aborts = 5

// abort removes the parts, also when ctx has ended. A part that arrives later would be kept, so that it is repeated until there is
// no such upload.
func (w *writer) abort(ctx context.Context) {
	ctx, stop := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer stop()
	for range aborts {
		_, err := w.Client.AbortMultipartUpload(ctx, &s3.AbortMultipartUploadInput{Bucket: &w.Bucket, Key: &w.Key, UploadId: w.upload})
		if err != nil {
			return // there is none any more, or an earlier error
		}
	}
}

// grace is how long a part that is under way may go on when the patch is stopped.
const grace = 2 * time.Second

// withGrace is a context that ends a while after another: a request that is given up may be done by the server all the same,
// and a part that comes after the end of its upload is kept.
func withGrace(ctx context.Context) (context.Context, context.CancelFunc) {
	longer, stop := context.WithCancel(context.WithoutCancel(ctx))
	forget := context.AfterFunc(ctx, func() { time.AfterFunc(grace, stop) })
	return longer, func() { forget(); stop() }
}

// divide makes parts of pieces: a long range of the old archive is a part by itself, which S3 copies; what is between is
// put together, with as much of such a range as it takes to be a part.
func divide(pieces []Piece) [][]Piece {
	var parts [][]Piece
	var open []Piece
	size := int64(0)
	flush := func() {
		if len(open) > 0 {
			parts, open, size = append(parts, open), nil, 0
		}
	}
	take := func(p Piece, n int64) Piece {
		head := p
		head.Length = n
		p.Length -= n
		if p.Data != nil {
			head.Data, p.Data = p.Data[:n], p.Data[n:]
		} else {
			p.Offset += n
		}
		open, size = append(open, head), size+n
		return p
	}
	for _, p := range pieces {
		for p.Length > 0 {
			switch {
			case p.Data == nil && size == 0 && p.Length >= leastPart:
				n := p.Length
				if n >= mostCopied+leastPart {
					n = mostCopied
				}
				parts = append(parts, []Piece{{Offset: p.Offset, Length: n}})
				p.Offset, p.Length = p.Offset+n, p.Length-n
			case p.Data == nil && size < leastPart && size+p.Length >= 2*leastPart:
				p = take(p, leastPart-size) // the rest is long enough to be copied
				flush()
			case size >= leastPart && p.Data == nil && p.Length >= leastPart:
				flush()
			default:
				p = take(p, min(p.Length, mostSent-size))
				if size == mostSent {
					flush()
				}
			}
		}
	}
	flush()
	return parts
}

// sendAll sends parts, several at once.
func (w *writer) sendAll(ctx context.Context, parts [][]Piece) ([]types.CompletedPart, error) {
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	done := make([]types.CompletedPart, len(parts))
	slots := make(chan struct{}, inFlight)
	var wg sync.WaitGroup
	for i, pieces := range parts {
		slots <- struct{}{}
		if ctx.Err() != nil {
			break
		}
		wg.Go(func() {
			defer func() { <-slots }()
			etag, err := w.part(ctx, int32(i+1), pieces)
			if err != nil {
				stop(err)
			}
			done[i] = types.CompletedPart{ETag: etag, PartNumber: aws.Int32(int32(i + 1))}
		})
	}
	wg.Wait()
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	return done, nil
}

func (w *writer) part(ctx context.Context, number int32, pieces []Piece) (*string, error) {
	if p := pieces[0]; len(pieces) == 1 && p.Data == nil && p.Length >= leastPart {
		etag, err := w.copyPart(ctx, number, p)
		if etag != nil || err != nil {
			return etag, err
		}
	}
	data, err := w.bytes(ctx, pieces)
	if err != nil {
		return nil, err
	}
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	ctx, stop := withGrace(ctx)
	defer stop()
	out, err := w.Client.UploadPart(ctx, &s3.UploadPartInput{
		Bucket: &w.Bucket, Key: &w.Key, UploadId: w.upload, PartNumber: &number, Body: bytes.NewReader(data), ContentLength: aws.Int64(int64(len(data))),
	})
	if err != nil {
		return nil, w.fail(err)
	}
	return out.ETag, nil
}

// copyPart has S3 copy a range of the old archive. A nil ETag says that the service cannot do that; the range is then
// read and sent.
func (w *writer) copyPart(ctx context.Context, number int32, p Piece) (*string, error) {
	ctx, stop := withGrace(ctx)
	defer stop()
	out, err := w.Client.UploadPartCopy(ctx, &s3.UploadPartCopyInput{
		Bucket: &w.Bucket, Key: &w.Key, UploadId: w.upload, PartNumber: &number,
		CopySource: aws.String(copySource(w.Bucket, w.Key)), CopySourceRange: aws.String(rangeOf(p.Offset, p.Length)), CopySourceIfMatch: w.head.ETag,
	})
	switch {
	case err != nil && core.Is(w.fail(err), core.Unsupported):
		return nil, nil
	case err != nil:
		return nil, w.fail(err)
	case out.CopyPartResult == nil || aws.ToString(out.CopyPartResult.ETag) == "":
		return nil, nil
	}
	return out.CopyPartResult.ETag, nil
}

// copySource is a source's address as the header x-amz-copy-source wants it.
func copySource(bucket, key string) string {
	parts := strings.Split(key, "/")
	for i, p := range parts {
		parts[i] = strings.ReplaceAll(url.PathEscape(p), "+", "%2B")
	}
	return bucket + "/" + strings.Join(parts, "/")
}
