package s3store

import (
	"context"
	"encoding/xml"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/smithy-go"
	smithyauth "github.com/aws/smithy-go/auth"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/core/objstore"
	"github.com/englacial/zagg/core/objstore/internal/ranged"
)

// ReadRanges sends one GET per range, at most Options.Concurrency at once in all of the Store. If some ranges find the
// service busy, the others come back with the error.
func (s *Store) ReadRanges(ctx context.Context, objectURL string, ranges []core.Range) ([][]byte, error) {
	return s.ReadVersion(ctx, objectURL, "", ranges)
}

// ReadVersion is ReadRanges with If-Match, if etag is not empty.
func (s *Store) ReadVersion(ctx context.Context, objectURL, etag string, ranges []core.Range) ([][]byte, error) {
	data, _, err := s.ReadState(ctx, objectURL, etag, ranges)
	return data, err
}

// ReadState takes the version from the answers' heads: it costs no further request.
func (s *Store) ReadState(ctx context.Context, objectURL, etag string, ranges []core.Range) ([][]byte, core.ObjectInfo, error) {
	const op = "s3store.Read"
	if err := objstore.CheckRanges(op, objectURL, ranges); err != nil {
		return nil, core.ObjectInfo{}, err
	}
	bucket, key, err := splitObject(op, objectURL)
	if err != nil {
		return nil, core.ObjectInfo{}, err
	}
	e, err := s.endpoint(ctx, op, objectURL, bucket)
	if err != nil {
		return nil, core.ObjectInfo{}, err
	}
	request := func(ctx context.Context, rangeHeader string) (*http.Request, error) {
		return s.signedGet(ctx, op, objectURL, e, key, rangeHeader, etag)
	}
	state := &ranged.State{Want: etag, Changed: objstore.ErrPrecondition}
	data, err := s.getter.ReadRanges(ctx, ranged.Object{Op: op, URL: objectURL, Request: request, State: state}, ranges)
	return data, state.Info(objectURL), err
}

// An endpoint is where a bucket is.
type endpoint struct {
	base    url.URL // with the bucket in its host or path
	service string  // the names that signatures carry
	region  string
}

// endpoint asks the SDK once per bucket.
func (s *Store) endpoint(ctx context.Context, op, subject, bucket string) (*endpoint, error) {
	if e, ok := s.endpoints.Load(bucket); ok {
		return e.(*endpoint), nil
	}
	o := s.client.Options()
	s.perBucket(bucket)(&o)
	params := s3.EndpointParameters{
		Bucket: &bucket, Region: &o.Region, Endpoint: o.BaseEndpoint, ForcePathStyle: &o.UsePathStyle, Accelerate: &o.UseAccelerate,
		UseFIPS:      aws.Bool(o.EndpointOptions.UseFIPSEndpoint == aws.FIPSEndpointStateEnabled),
		UseDualStack: aws.Bool(o.EndpointOptions.UseDualStackEndpoint == aws.DualStackEndpointStateEnabled),
	}
	resolved, err := o.EndpointResolverV2.ResolveEndpoint(ctx, params.WithDefaults())
	if err != nil {
		return nil, core.Errorf(core.Invalid, op, subject, "%w", err)
	}
	e := &endpoint{base: resolved.URI, service: "s3", region: o.Region}
	if err := e.auth(&resolved.Properties); err != nil {
		return nil, core.Errorf(core.Unsupported, op, subject, "%w", err)
	}
	s.endpoints.Store(bucket, e)
	return e, nil
}

type schemeError string

func (e schemeError) Error() string {
	return "buckets of this kind (signature " + string(e) + ") are not supported"
}

// auth takes over the names for the signature that the SDK's rules give for the endpoint.
func (e *endpoint) auth(properties *smithy.Properties) error {
	schemes, ok := smithyauth.GetAuthOptions(properties)
	if !ok || len(schemes) == 0 {
		return nil
	}
	for _, scheme := range schemes {
		if scheme.SchemeID != "sigv4" && scheme.SchemeID != smithyauth.SchemeIDSigV4 {
			continue
		}
		if name, ok := smithyhttp.GetSigV4SigningName(&scheme.SignerProperties); ok && name != "" {
			e.service = name
		}
		if region, ok := smithyhttp.GetSigV4SigningRegion(&scheme.SignerProperties); ok && region != "" {
			e.region = region
		}
		return nil
	}
	return schemeError(schemes[0].SchemeID)
}

// sha256OfNothing is what a signature says of a request without a body.
const sha256OfNothing = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

func (s *Store) signedGet(ctx context.Context, op, subject string, e *endpoint, key, rangeHeader, etag string) (*http.Request, error) {
	u := e.base
	u.Path = strings.TrimSuffix(e.base.Path, "/") + "/" + key
	u.RawPath = strings.TrimSuffix(e.base.EscapedPath(), "/") + "/" + escape(key)
	req := (&http.Request{
		Method: http.MethodGet, URL: &u, Host: u.Host, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: http.Header{"Range": {rangeHeader}, "X-Amz-Content-Sha256": {sha256OfNothing}, "Accept-Encoding": {"identity"}},
	}).WithContext(ctx)
	if etag != "" {
		req.Header.Set("If-Match", etag)
	}
	if payer := s.payer(); payer != "" {
		req.Header.Set("X-Amz-Request-Payer", string(payer))
	}
	if s.credentials == nil {
		return req, nil
	}
	secret, err := s.credentials.Retrieve(ctx)
	if err != nil {
		return nil, s.credentialsError(op, subject, err)
	}
	if err := s.signer.SignHTTP(ctx, secret, req, sha256OfNothing, e.service, e.region, time.Now()); err != nil {
		return nil, core.Errorf(core.Internal, op, subject, "signing: %w", err)
	}
	return req, nil
}

// escape writes a key as S3 signs it: every byte but unreserved ones and the slash as %XX.
func escape(key string) string {
	const hex = "0123456789ABCDEF"
	plain := func(c byte) bool {
		return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '-' || c == '.' || c == '_' || c == '~' || c == '/'
	}
	n := 0
	for i := range len(key) {
		if !plain(key[i]) {
			n++
		}
	}
	if n == 0 {
		return key
	}
	out := make([]byte, 0, len(key)+2*n)
	for i := range len(key) {
		if c := key[i]; plain(c) {
			out = append(out, c)
		} else {
			out = append(out, '%', hex[c>>4], hex[c&15])
		}
	}
	return string(out)
}

// getError is the error of an answer to a ranged GET; its body is XML.
func (s *Store) getError(op, subject string, resp *http.Response, body []byte) error {
	var x struct{ Code, Message string }
	_ = xml.Unmarshal(body, &x) // what is no XML has no code, and the status decides
	return s.answerError(op, subject, answer{status: resp.StatusCode, header: resp.Header, code: x.Code, message: x.Message})
}

// Stat sends a HEAD.
func (s *Store) Stat(ctx context.Context, objectURL string) (core.ObjectInfo, error) {
	const op = "s3store.Stat"
	bucket, key, err := splitObject(op, objectURL)
	if err != nil {
		return core.ObjectInfo{}, err
	}
	if err := s.ready(ctx, op, objectURL); err != nil {
		return core.ObjectInfo{}, err
	}
	ctx, cancel := context.WithTimeout(ctx, requestTimeout)
	defer cancel()
	out, err := s.client.HeadObject(ctx, &s3.HeadObjectInput{Bucket: &bucket, Key: &key, RequestPayer: s.payer()}, s.perBucket(bucket))
	if err != nil {
		return core.ObjectInfo{}, s.headError(ctx, op, objectURL, err)
	}
	return core.ObjectInfo{URL: objectURL, ETag: aws.ToString(out.ETag), Size: aws.ToInt64(out.ContentLength), Modified: aws.ToTime(out.LastModified)}, nil
}

// headError asks by a GET why a HEAD was a bad request: its answer has no body, so that keys which have expired, a wrong region and
// nonsense look the same.
func (s *Store) headError(ctx context.Context, op, objectURL string, err error) error {
	if e, ok := errors.AsType[*smithyhttp.ResponseError](err); ok && e.HTTPStatusCode() == http.StatusBadRequest {
		if _, why := s.ReadRanges(ctx, objectURL, []core.Range{{Length: 1}}); why != nil {
			return core.Wrapf(why, op, objectURL, "%w", why)
		}
	}
	return s.sdkError(op, objectURL, err)
}

// List asks for pages of 1,000.
func (s *Store) List(ctx context.Context, prefix string, visit func(core.ObjectInfo) error) error {
	const op = "s3store.List"
	bucket, keys, err := split(op, prefix)
	if err != nil {
		return err
	}
	if err := s.ready(ctx, op, prefix); err != nil {
		return err
	}
	in := &s3.ListObjectsV2Input{Bucket: &bucket, Prefix: &keys, EncodingType: "url", RequestPayer: s.payer()}
	for {
		out, err := s.page(ctx, in)
		if err != nil {
			return s.sdkError(op, prefix, err)
		}
		for _, o := range out.Contents {
			key := aws.ToString(o.Key)
			if out.EncodingType == "url" {
				if key, err = url.QueryUnescape(key); err != nil {
					return core.Errorf(core.Corrupt, op, prefix, "the key %q in the list is not well escaped", aws.ToString(o.Key))
				}
			}
			info := core.ObjectInfo{URL: prefix[:len("s3://")] + bucket + "/" + key, ETag: aws.ToString(o.ETag), Size: aws.ToInt64(o.Size), Modified: aws.ToTime(o.LastModified)}
			if err := visit(info); err != nil {
				return err
			}
		}
		if !aws.ToBool(out.IsTruncated) {
			return nil
		}
		if in.ContinuationToken = out.NextContinuationToken; aws.ToString(in.ContinuationToken) == "" {
			return core.Errorf(core.Unavailable, op, prefix, "the list ends in the middle: the service says there is more, not where")
		}
	}
}

// Folder visits what is directly under a prefix that ends in "/", in URL order and after a URL ("" all): objects, and
// prefixes that end in "/", of which nothing but the URL is known.
func (s *Store) Folder(ctx context.Context, prefix, after string, visit func(core.ObjectInfo) error) error {
	const op = "s3store.Folder"
	bucket, keys, err := split(op, prefix)
	if err != nil {
		return err
	}
	if err := s.ready(ctx, op, prefix); err != nil {
		return err
	}
	base := prefix[:len("s3://")] + bucket + "/"
	in := &s3.ListObjectsV2Input{Bucket: &bucket, Prefix: &keys, Delimiter: aws.String("/"), EncodingType: "url", RequestPayer: s.payer()}
	if k, ok := strings.CutPrefix(after, base); ok && k != "" {
		in.StartAfter = &k
	}
	for {
		out, err := s.page(ctx, in)
		if err != nil {
			return s.sdkError(op, prefix, err)
		}
		entries, err := folderEntries(base, out)
		if err != nil {
			return core.Errorf(core.Corrupt, op, prefix, "a key in the list is not well escaped: %w", err)
		}
		for _, e := range entries {
			if e.URL <= after || e.URL == prefix {
				continue
			}
			if err := visit(e); err != nil {
				return err
			}
		}
		if !aws.ToBool(out.IsTruncated) {
			return nil
		}
		if in.ContinuationToken = out.NextContinuationToken; aws.ToString(in.ContinuationToken) == "" {
			return core.Errorf(core.Unavailable, op, prefix, "the list ends in the middle: the service says there is more, not where")
		}
	}
}

// folderEntries are the objects and prefixes of a page in the order of their URLs.
func folderEntries(base string, page *s3.ListObjectsV2Output) ([]core.ObjectInfo, error) {
	var out []core.ObjectInfo
	name := func(key *string) (string, error) {
		if page.EncodingType != "url" {
			return base + aws.ToString(key), nil
		}
		k, err := url.QueryUnescape(aws.ToString(key))
		return base + k, err
	}
	for _, o := range page.Contents {
		u, err := name(o.Key)
		if err != nil {
			return nil, err
		}
		out = append(out, core.ObjectInfo{URL: u, ETag: aws.ToString(o.ETag), Size: aws.ToInt64(o.Size), Modified: aws.ToTime(o.LastModified)})
	}
	for _, p := range page.CommonPrefixes {
		u, err := name(p.Prefix)
		if err != nil {
			return nil, err
		}
		out = append(out, core.ObjectInfo{URL: u})
	}
	slices.SortFunc(out, func(a, b core.ObjectInfo) int { return strings.Compare(a.URL, b.URL) })
	return out, nil
}

func (s *Store) page(ctx context.Context, in *s3.ListObjectsV2Input) (*s3.ListObjectsV2Output, error) {
	ctx, cancel := context.WithTimeout(ctx, requestTimeout)
	defer cancel()
	return s.client.ListObjectsV2(ctx, in, s.perBucket(*in.Bucket))
}
