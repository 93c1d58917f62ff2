package bench

import (
	"context"
	"errors"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	iamtypes "github.com/aws/aws-sdk-go-v2/service/iam/types"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/smithy-go"

	"github.com/englacial/zagg/core"
)

// NewAccount asks AWS about the account that cfg has credentials of.
func NewAccount(cfg aws.Config) Account {
	return awsAccount{
		roles: iam.NewFromConfig(cfg),
		anonymous: s3.NewFromConfig(cfg, func(o *s3.Options) {
			o.Credentials, o.UsePathStyle = aws.AnonymousCredentials{}, cfg.BaseEndpoint != nil
		}),
	}
}

type awsAccount struct {
	roles     *iam.Client
	anonymous *s3.Client
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

// IsPublic lists the bucket as a stranger.
func (a awsAccount) IsPublic(ctx context.Context, bucket string) (bool, error) {
	_, err := a.anonymous.ListObjectsV2(ctx, &s3.ListObjectsV2Input{Bucket: &bucket, MaxKeys: aws.Int32(1)})
	if err == nil {
		return true, nil
	}
	if api, ok := errors.AsType[smithy.APIError](err); ok && (api.ErrorCode() == "AccessDenied" || api.ErrorCode() == "NoSuchBucket") {
		return false, nil
	}
	return false, core.Errorf(core.Unavailable, "list as a stranger", bucket, "%w", err)
}
