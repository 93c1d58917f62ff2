package zippatch

import (
	"context"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"github.com/englacial/zagg/core"
)

// restored is the key of an object's metadata with the version that it is a copy of.
const restored = "zagg-restored"

// A Version is one that an object had.
type Version struct {
	ID       string
	Modified time.Time
}

// Previous finds the version before the present one. Where the present one is itself a restored version, it is the one
// before that: going back twice goes two steps.
func (o *Object) Previous(ctx context.Context) (*Version, error) {
	head, err := o.head(ctx)
	if err != nil {
		return nil, err
	}
	versions, err := o.versions(ctx)
	if err != nil {
		return nil, err
	}
	now := aws.ToString(head.VersionId)
	if v := head.Metadata[restored]; v != "" {
		now = v
	}
	for i, v := range versions {
		if v.ID == now && i+1 < len(versions) {
			return &versions[i+1], nil
		}
	}
	return nil, core.Errorf(core.NotFound, op, o.URL(), "there is no version before this one; is versioning of bucket %s on? `aws s3api put-bucket-versioning --bucket %s --versioning-configuration Status=Enabled`", o.Bucket, o.Bucket)
}

// Restore makes a version the present one: as a new version, so that nothing is lost.
func (o *Object) Restore(ctx context.Context, v *Version) error {
	source := copySource(o.Bucket, o.Key) + "?versionId=" + v.ID
	head, err := o.Client.HeadObject(ctx, &s3.HeadObjectInput{Bucket: &o.Bucket, Key: &o.Key, VersionId: &v.ID})
	if err != nil {
		return o.fail(err)
	}
	metadata := marked(head.Metadata, newID())
	metadata[restored] = v.ID
	_, err = o.Client.CopyObject(ctx, &s3.CopyObjectInput{
		Bucket: &o.Bucket, Key: &o.Key, CopySource: &source, Metadata: metadata, MetadataDirective: types.MetadataDirectiveReplace,
		ContentType: head.ContentType, CacheControl: head.CacheControl, ContentDisposition: head.ContentDisposition,
		StorageClass: types.StorageClass(head.StorageClass), ServerSideEncryption: head.ServerSideEncryption, SSEKMSKeyId: head.SSEKMSKeyId,
	})
	if err != nil {
		return o.fail(err)
	}
	return nil
}

// versions are those that an object had, newest first; markers of its deletion are left out.
func (o *Object) versions(ctx context.Context) ([]Version, error) {
	var list []Version
	pages := s3.NewListObjectVersionsPaginator(o.Client, &s3.ListObjectVersionsInput{Bucket: &o.Bucket, Prefix: &o.Key})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, o.fail(err)
		}
		for _, v := range page.Versions {
			if aws.ToString(v.Key) == o.Key {
				list = append(list, Version{aws.ToString(v.VersionId), aws.ToTime(v.LastModified)})
			}
		}
	}
	return list, nil
}
