package deploy

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"os"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/aws/smithy-go"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/internal/zippatch"
)

// maxZip is the largest zip of a function (AWS Lambda quotas: 250 MB unzipped).
const maxZip = 250 << 20

// An artifacts is the bucket that functions are made from. It must be in the functions' region.
type artifacts struct {
	Client *s3.Client
	Bucket string
	Region string
}

// Ensure makes sure that the bucket is there and in the right region. A bucket that is missing is made if create says so:
// private, encrypted.
func (a *artifacts) Ensure(ctx context.Context, create bool) error {
	out, err := a.Client.HeadBucket(ctx, &s3.HeadBucketInput{Bucket: &a.Bucket})
	if err == nil {
		if r := aws.ToString(out.BucketRegion); r != "" && r != a.Region {
			return core.Errorf(core.Invalid, "stage", a.Bucket, "the bucket is in %s, but a function in %s is made from a bucket there; give another --artifact-bucket", r, a.Region)
		}
		return nil
	}
	if e, ok := errors.AsType[smithy.APIError](err); !ok || e.ErrorCode() != "NotFound" && e.ErrorCode() != "NoSuchBucket" {
		return awsError("stage", a.Bucket, err)
	}
	if !create {
		return core.Errorf(core.NotFound, "stage", a.Bucket, "there is no such bucket; create it in %s or leave --artifact-bucket out", a.Region)
	}
	in := &s3.CreateBucketInput{Bucket: &a.Bucket}
	if a.Region != "us-east-1" { // the one region that must not be named
		in.CreateBucketConfiguration = &types.CreateBucketConfiguration{LocationConstraint: types.BucketLocationConstraint(a.Region)}
	}
	if _, err := a.Client.CreateBucket(ctx, in); err != nil {
		return awsError("stage", a.Bucket, err)
	}
	_, err = a.Client.PutPublicAccessBlock(ctx, &s3.PutPublicAccessBlockInput{Bucket: &a.Bucket, PublicAccessBlockConfiguration: &types.PublicAccessBlockConfiguration{
		BlockPublicAcls: aws.Bool(true), BlockPublicPolicy: aws.Bool(true), IgnorePublicAcls: aws.Bool(true), RestrictPublicBuckets: aws.Bool(true),
	}})
	if err != nil {
		return awsError("stage", a.Bucket, err)
	}
	return nil
}

// Upload puts a bundle under a key made of its content, so that another bundle is another key and the same is sent once.
func (a *artifacts) Upload(ctx context.Context, path string) (key string, err error) {
	f, err := os.Open(path)
	if err != nil {
		return "", core.Errorf(core.NotFound, "stage", path, "%w", err)
	}
	defer f.Close() //nolint:errcheck // only read
	hash := sha256.New()
	size, err := io.Copy(hash, io.LimitReader(f, maxZip+1))
	if err != nil {
		return "", core.Errorf(core.Internal, "stage", path, "%w", err)
	}
	if size > maxZip || size == 0 {
		return "", core.Errorf(core.Invalid, "stage", path, "a bundle has 1 to %d bytes; is this one?", maxZip)
	}
	key = "zagg/" + hex.EncodeToString(hash.Sum(nil)) + ".zip"
	if head, err := a.Client.HeadObject(ctx, &s3.HeadObjectInput{Bucket: &a.Bucket, Key: &key}); err == nil && aws.ToInt64(head.ContentLength) == size && head.Metadata[zippatch.Mark] == "" { // one that was patched is not what its key says
		return key, nil
	}
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		return "", core.Errorf(core.Internal, "stage", path, "%w", err)
	}
	_, err = a.Client.PutObject(ctx, &s3.PutObjectInput{Bucket: &a.Bucket, Key: &key, Body: f, ContentLength: &size, ContentType: aws.String("application/zip")})
	if err != nil {
		return "", awsError("stage", path, err)
	}
	return key, nil
}
