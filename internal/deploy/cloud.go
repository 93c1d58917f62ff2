package deploy

import (
	"context"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsconfig "github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"

	"github.com/englacial/zagg/core"
)

// A Cloud is an account's region, and a stack there.
type Cloud struct {
	Config aws.Config
	Region string
	Stack  *Stack
}

// OpenCloud reaches AWS as the SDK finds it.
func OpenCloud(ctx context.Context, region, stack string) (*Cloud, error) {
	cfg, err := awsconfig.LoadDefaultConfig(ctx, awsconfig.WithRegion(region))
	if err != nil {
		return nil, core.Errorf(core.Invalid, "deploy", region, "AWS configuration: %w", err)
	}
	poll := 2 * time.Second
	if cfg.BaseEndpoint != nil { // a test server answers at once
		poll = 50 * time.Millisecond
	}
	return &Cloud{cfg, region, &Stack{Client: cloudformation.NewFromConfig(cfg), Name: stack, Poll: poll}}, nil
}
