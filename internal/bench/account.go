package bench

import (
	"context"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	iamtypes "github.com/aws/aws-sdk-go-v2/service/iam/types"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/smithy-go"

	"github.com/englacial/zagg/core"
)

// OpenAccount asks AWS about the account that the environment has credentials of.
func OpenAccount(ctx context.Context) (Account, error) {
	cfg, err := configuration(ctx)
	if err != nil {
		return nil, err
	}
	paths := func(o *s3.Options) { o.UsePathStyle = cfg.BaseEndpoint != nil }
	return awsAccount{
		cfg: cfg, roles: iam.NewFromConfig(cfg), buckets: s3.NewFromConfig(cfg, paths),
		anonymous: s3.NewFromConfig(cfg, paths, func(o *s3.Options) { o.Credentials = aws.AnonymousCredentials{} }),
	}, nil
}

type awsAccount struct {
	cfg                aws.Config
	roles              *iam.Client
	buckets, anonymous *s3.Client
}

func (a awsAccount) HasProvider(ctx context.Context, host string) (bool, error) {
	list, err := a.roles.ListOpenIDConnectProviders(ctx, &iam.ListOpenIDConnectProvidersInput{})
	if err != nil {
		return false, core.Errorf(core.Denied, "list providers", host, "%w", err)
	}
	for _, p := range list.OpenIDConnectProviderList {
		if strings.HasSuffix(aws.ToString(p.Arn), ":oidc-provider/"+host) {
			return true, nil
		}
	}
	return false, nil
}

func (a awsAccount) HasRole(ctx context.Context, name string) (bool, error) {
	_, err := a.roles.GetRole(ctx, &iam.GetRoleInput{RoleName: &name})
	if _, missing := errors.AsType[*iamtypes.NoSuchEntityException](err); missing {
		return false, nil
	}
	if err != nil {
		return false, core.Errorf(core.Denied, "look for role", name, "%w", err)
	}
	return true, nil
}

func (a awsAccount) BucketBlocks(ctx context.Context, bucket string) (bool, error) {
	out, err := a.buckets.GetPublicAccessBlock(ctx, &s3.GetPublicAccessBlockInput{Bucket: &bucket})
	if hasCode(err, "NoSuchPublicAccessBlockConfiguration", "NoSuchBucket") {
		return false, nil
	}
	if err != nil {
		return false, core.Errorf(core.Denied, "look for a block of public policies", bucket, "%w", err)
	}
	c := out.PublicAccessBlockConfiguration
	return aws.ToBool(c.BlockPublicPolicy) || aws.ToBool(c.RestrictPublicBuckets), nil
}

func (a awsAccount) HasPublicPolicy(ctx context.Context, bucket string) (bool, error) {
	out, err := a.buckets.GetBucketPolicyStatus(ctx, &s3.GetBucketPolicyStatusInput{Bucket: &bucket})
	if hasCode(err, "NoSuchBucketPolicy", "NoSuchBucket") {
		return false, nil
	}
	if err != nil {
		return false, core.Errorf(core.Denied, "look for a public policy", bucket, "%w", err)
	}
	return out.PolicyStatus != nil && aws.ToBool(out.PolicyStatus.IsPublic), nil
}

// IsPublic lists the bucket as a stranger.
func (a awsAccount) IsPublic(ctx context.Context, bucket string) (bool, error) {
	_, err := a.anonymous.ListObjectsV2(ctx, &s3.ListObjectsV2Input{Bucket: &bucket, MaxKeys: aws.Int32(1)})
	if hasCode(err, "AccessDenied", "NoSuchBucket") {
		return false, nil
	}
	if err != nil {
		return false, core.Errorf(core.Unavailable, "list as a stranger", bucket, "%w", err)
	}
	return true, nil
}

// hasCode reports whether AWS answered with one of these codes.
func hasCode(err error, codes ...string) bool {
	api, ok := errors.AsType[smithy.APIError](err)
	return ok && slices.Contains(codes, api.ErrorCode())
}

const (
	controlTimeout = 30 * time.Second
	controlReply   = 1 << 20
	emptyBody      = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855" // SHA-256 of nothing
)

// AccountBlocks asks S3 Control, whose client would be a module for one request.
func (a awsAccount) AccountBlocks(ctx context.Context) (bool, error) {
	const op = "look for a block of public buckets"
	ctx, stop := context.WithTimeout(ctx, controlTimeout)
	defer stop()
	who, err := sts.NewFromConfig(a.cfg).GetCallerIdentity(ctx, &sts.GetCallerIdentityInput{})
	if err != nil {
		return false, core.Errorf(core.Denied, op, "account", "%w", err)
	}
	account := aws.ToString(who.Account)
	base := fmt.Sprintf("https://%s.s3-control.%s.amazonaws.com", account, a.cfg.Region)
	if a.cfg.BaseEndpoint != nil {
		base = strings.TrimSuffix(*a.cfg.BaseEndpoint, "/")
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, base+"/v20180820/configuration/publicAccessBlock", nil)
	if err != nil {
		return false, core.Errorf(core.Invalid, op, account, "%w", err)
	}
	req.Header.Set("X-Amz-Account-Id", account)
	req.Header.Set("X-Amz-Content-Sha256", emptyBody)
	keys, err := a.cfg.Credentials.Retrieve(ctx)
	if err == nil {
		err = v4.NewSigner().SignHTTP(ctx, keys, req, emptyBody, "s3", a.cfg.Region, time.Now())
	}
	if err != nil {
		return false, core.Errorf(core.Denied, op, account, "%w", err)
	}
	return readBlock(req, account, op)
}

// readBlock sends the request; an account without a configuration blocks nothing.
func readBlock(req *http.Request, account, op string) (bool, error) {
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return false, core.Errorf(core.Unavailable, op, account, "%w", err)
	}
	defer resp.Body.Close()
	reply, err := io.ReadAll(io.LimitReader(resp.Body, controlReply))
	if err != nil {
		return false, core.Errorf(core.Unavailable, op, account, "%w", err)
	}
	if resp.StatusCode == http.StatusNotFound {
		return false, nil
	}
	if resp.StatusCode != http.StatusOK {
		return false, core.Errorf(statusCode(resp.StatusCode), op, account, "%s", resp.Status)
	}
	var c struct{ BlockPublicPolicy, RestrictPublicBuckets bool }
	if err := xml.Unmarshal(reply, &c); err != nil {
		return false, core.Errorf(core.Corrupt, op, account, "%w", err)
	}
	return c.BlockPublicPolicy || c.RestrictPublicBuckets, nil
}
