package s3store

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"io"
	"slices"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/core/objstore"
)

// The sizes of uploads. S3 takes at most 10,000 parts of at least 5 MiB, and other services want all but the last to be
// of one size: an object of unknown length may thus have 156 GiB.
const (
	mostWhole     = 64 << 20 // an object of known size up to this is sent as one
	partSize      = 16 << 20
	mostParts     = 10_000
	partsInFlight = 3
)

// Put sends an object of known size up to 64 MiB, or unknown up to 16 MiB, with one request and a longer one in parts,
// three at once; in either case it appears whole or not at all, and nothing stays of an upload that fails. The data are
// sent from a buffer. A body that is no io.Seeker, with which objstore.Retry could not begin anew, is therefore tried
// again here, request by request, under Options.Retry.
func (s *Store) Put(ctx context.Context, url string, body io.Reader, opt core.PutOptions) error {
	const op = "s3store.Put"
	bucket, key, err := splitObject(op, url)
	if err != nil {
		return err
	}
	if err := s.ready(ctx, op, url); err != nil {
		return err
	}
	p := &put{Store: s, op: op, url: url, bucket: bucket, key: key, opt: opt, policy: s.options.Retry}
	if _, ok := body.(io.Seeker); ok {
		p.policy = objstore.Policy{Attempts: 1}
	}
	p.body = bufio.NewReaderSize(body, 4096)
	n := p.partSize()
	if opt.Size >= 0 && opt.Size <= mostWhole {
		n = opt.Size
	}
	first, last, err := p.first(ctx, n)
	if err != nil {
		return err
	}
	if !last && n == opt.Size {
		return objstore.CheckSize(op, url, n+1, opt)
	}
	if last {
		if err := objstore.CheckSize(op, url, int64(len(first)), opt); err != nil {
			return err
		}
		return p.whole(ctx, first)
	}
	return p.parts(ctx, first)
}

// A put is one Put.
type put struct {
	*Store
	op, url, bucket, key string
	opt                  core.PutOptions
	policy               objstore.Policy
	body                 *bufio.Reader
}

// partSize is 16 MiB, or for more than 156 GiB what 10,000 parts need, in whole MiB.
func (p *put) partSize() int64 {
	const mib = 1 << 20
	return max(partSize, (p.opt.Size/mostParts/mib+1)*mib)
}

// first reads the first n bytes of the body. Where its size is not known the buffer grows with it: most are short.
func (p *put) first(ctx context.Context, n int64) (data []byte, last bool, err error) {
	size := n
	if p.opt.Size < 0 {
		size = min(n, 256<<10)
	}
	data, last, err = p.next(ctx, make([]byte, size))
	for err == nil && !last && size < n {
		size = min(2*size, n)
		grown := make([]byte, size)
		var more []byte
		more, last, err = p.next(ctx, grown[copy(grown, data):])
		data = grown[:len(data)+len(more)]
	}
	return data, last, err
}

// next fills buf from the body; last says that the body ends there.
func (p *put) next(ctx context.Context, buf []byte) (data []byte, last bool, err error) {
	n := 0
	for n < len(buf) {
		if err := ctx.Err(); err != nil {
			return nil, false, core.Errorf(core.Unavailable, p.op, p.url, "%w", err)
		}
		m, err := p.body.Read(buf[n:])
		n += m
		if err == io.EOF {
			return buf[:n], true, nil
		}
		if err != nil {
			return nil, false, p.bodyError(err)
		}
	}
	if _, err = p.body.Peek(1); err != nil && err != io.EOF {
		return nil, false, p.bodyError(err)
	}
	return buf, err == io.EOF, nil
}

func (p *put) bodyError(err error) error {
	return core.Wrapf(err, p.op, p.url, "reading what is to be written: %w", err)
}

// send makes one request of the SDK that carries n bytes, again under the policy.
func (p *put) send(ctx context.Context, n int, request func(ctx context.Context) error) error {
	return p.policy.Do(ctx, func() error {
		ctx, cancel := context.WithTimeout(ctx, requestTimeout+time.Duration(n>>17)*time.Second)
		defer cancel()
		if err := request(ctx); err != nil {
			return p.sdkError(p.op, p.url, err)
		}
		return nil
	})
}

// conditions are the If-Match and If-None-Match headers.
func (p *put) conditions() (match, noneMatch *string) {
	switch p.opt.IfMatch {
	case "":
		return nil, nil
	case objstore.MustNotExist:
		return nil, aws.String("*")
	}
	return &p.opt.IfMatch, nil
}

func (p *put) contentType() *string {
	if p.opt.ContentType == "" {
		return nil
	}
	return &p.opt.ContentType
}

func (p *put) whole(ctx context.Context, data []byte) error {
	match, noneMatch := p.conditions()
	encryption, key := p.encryption()
	return p.send(ctx, len(data), func(ctx context.Context) error {
		_, err := p.client.PutObject(ctx, &s3.PutObjectInput{
			Bucket: &p.bucket, Key: &p.key, Body: bytes.NewReader(data), ContentLength: aws.Int64(int64(len(data))),
			ContentType: p.contentType(), IfMatch: match, IfNoneMatch: noneMatch, ACL: types.ObjectCannedACL(p.options.ACL),
			ServerSideEncryption: encryption, SSEKMSKeyId: key, RequestPayer: p.payer(),
		}, p.perBucket(p.bucket))
		return err
	})
}

// parts sends the first part and the rest of the body as a multipart upload, or removes what it sent.
func (p *put) parts(ctx context.Context, first []byte) error {
	var created *s3.CreateMultipartUploadOutput
	encryption, key := p.encryption()
	err := p.send(ctx, 0, func(ctx context.Context) (err error) {
		created, err = p.client.CreateMultipartUpload(ctx, &s3.CreateMultipartUploadInput{
			Bucket: &p.bucket, Key: &p.key, ContentType: p.contentType(), ACL: types.ObjectCannedACL(p.options.ACL),
			ServerSideEncryption: encryption, SSEKMSKeyId: key, RequestPayer: p.payer(),
		}, p.perBucket(p.bucket))
		return err
	})
	if err != nil {
		return err
	}
	u := &upload{put: p, id: created.UploadId}
	if err = u.sendAll(ctx, first); err == nil {
		err = u.complete(ctx)
	}
	if err != nil {
		return u.abort(ctx, err)
	}
	return nil
}

// An upload is a multipart upload under way.
type upload struct {
	*put
	id *string

	mu   sync.Mutex
	done []types.CompletedPart
	err  error
}

// sendAll reads parts one after another and sends up to three at once.
func (u *upload) sendAll(ctx context.Context, data []byte) error {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	free := make(chan []byte, partsInFlight)
	for range partsInFlight - 1 {
		free <- nil
	}
	var wg sync.WaitGroup
	defer wg.Wait()
	size := int64(cap(data))
	var total int64
	for number, last := int32(1), false; ; number++ {
		total += int64(len(data))
		if number > mostParts || u.opt.Size >= 0 && total > u.opt.Size {
			stop()
			return u.tooLong(total)
		}
		full := data
		wg.Go(func() {
			again, err := u.part(ctx, number, full)
			if err != nil {
				u.fail(err)
				stop()
			}
			free <- again
		})
		if last {
			break
		}
		buf := <-free
		if buf == nil {
			buf = make([]byte, size)
		}
		var err error
		if data, last, err = u.next(ctx, buf); err != nil {
			u.fail(err)
			stop()
			break
		}
	}
	wg.Wait()
	if u.err != nil {
		return u.err
	}
	return objstore.CheckSize(u.op, u.url, total, u.opt)
}

// fail notes the first error: those after it may be its consequence.
func (u *upload) fail(err error) {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.err = cmp.Or(u.err, err)
}

func (u *upload) tooLong(total int64) error {
	if u.opt.Size >= 0 {
		return objstore.CheckSize(u.op, u.url, total, u.opt)
	}
	return core.Errorf(core.Unsupported, u.op, u.url, "an object of unknown size can have at most %d GiB", int64(mostParts)*partSize>>30)
}

// part sends one part and returns its buffer for the next, unless a request failed: the transport may still be reading
// from it then.
func (u *upload) part(ctx context.Context, number int32, data []byte) (again []byte, err error) {
	tries := 0
	err = u.send(ctx, len(data), func(ctx context.Context) error {
		tries++
		out, err := u.client.UploadPart(ctx, &s3.UploadPartInput{
			Bucket: &u.bucket, Key: &u.key, UploadId: u.id, PartNumber: &number, Body: bytes.NewReader(data), ContentLength: aws.Int64(int64(len(data))), RequestPayer: u.payer(),
		}, u.perBucket(u.bucket))
		if err != nil {
			return err
		}
		u.mu.Lock()
		defer u.mu.Unlock()
		u.done = append(u.done, types.CompletedPart{ETag: out.ETag, PartNumber: &number})
		return nil
	})
	if err != nil || tries > 1 {
		return nil, err
	}
	return data[:cap(data)], nil
}

func (u *upload) complete(ctx context.Context) error {
	slices.SortFunc(u.done, func(a, b types.CompletedPart) int { return cmp.Compare(*a.PartNumber, *b.PartNumber) })
	match, noneMatch := u.conditions()
	return u.send(ctx, 0, func(ctx context.Context) error {
		_, err := u.client.CompleteMultipartUpload(ctx, &s3.CompleteMultipartUploadInput{
			Bucket: &u.bucket, Key: &u.key, UploadId: u.id, MultipartUpload: &types.CompletedMultipartUpload{Parts: u.done},
			IfMatch: match, IfNoneMatch: noneMatch, RequestPayer: u.payer(),
		}, u.perBucket(u.bucket))
		return err
	})
}

// abort removes the parts, also if ctx has ended, and returns the error that made it necessary.
func (u *upload) abort(ctx context.Context, because error) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), requestTimeout)
	defer cancel()
	policy := objstore.Policy{Attempts: 3, Max: 2 * time.Second}
	err := policy.Do(ctx, func() error {
		_, err := u.client.AbortMultipartUpload(ctx, &s3.AbortMultipartUploadInput{Bucket: &u.bucket, Key: &u.key, UploadId: u.id, RequestPayer: u.payer()}, u.perBucket(u.bucket))
		if err != nil {
			return u.sdkError(u.op, u.url, err)
		}
		return nil
	})
	if err != nil && !core.Is(err, core.NotFound) {
		return core.Wrapf(because, "", "", "%w; the parts sent could not be removed and cost money until a life-cycle rule of the bucket does (%v)", because, err)
	}
	return because
}

// Delete removes up to 1,000 objects of a bucket per request.
func (s *Store) Delete(ctx context.Context, urls ...string) error {
	const op = "s3store.Delete"
	var buckets []string
	keys := map[string][]types.ObjectIdentifier{}
	for _, url := range urls {
		bucket, key, err := splitObject(op, url)
		if err != nil {
			return err
		}
		if _, ok := keys[bucket]; !ok {
			buckets = append(buckets, bucket)
		}
		keys[bucket] = append(keys[bucket], types.ObjectIdentifier{Key: &key})
	}
	if len(urls) > 0 {
		if err := s.ready(ctx, op, urls[0]); err != nil {
			return err
		}
	}
	for _, bucket := range buckets {
		for batch := range slices.Chunk(keys[bucket], 1000) {
			if err := s.deleteBatch(ctx, op, bucket, batch); err != nil {
				return err
			}
		}
	}
	return nil
}

func (s *Store) deleteBatch(ctx context.Context, op, bucket string, batch []types.ObjectIdentifier) error {
	ctx, cancel := context.WithTimeout(ctx, requestTimeout)
	defer cancel()
	if len(batch) == 1 {
		_, err := s.client.DeleteObject(ctx, &s3.DeleteObjectInput{Bucket: &bucket, Key: batch[0].Key, RequestPayer: s.payer()}, s.perBucket(bucket))
		if err == nil {
			return nil
		}
		if err = s.sdkError(op, "s3://"+bucket+"/"+*batch[0].Key, err); core.Is(err, core.NotFound) {
			return nil
		}
		return err
	}
	out, err := s.client.DeleteObjects(ctx, &s3.DeleteObjectsInput{
		Bucket: &bucket, Delete: &types.Delete{Objects: batch, Quiet: aws.Bool(true)}, RequestPayer: s.payer(),
	}, s.perBucket(bucket))
	if err != nil {
		return s.sdkError(op, "s3://"+bucket, err)
	}
	for _, e := range out.Errors {
		a := answer{code: aws.ToString(e.Code), message: aws.ToString(e.Message)}
		if a.codeOf() != core.NotFound {
			return s.answerError(op, "s3://"+bucket+"/"+aws.ToString(e.Key), a)
		}
	}
	return nil
}
