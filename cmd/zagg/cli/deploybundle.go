package cli

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/internal/bundle"
	"github.com/englacial/zagg/internal/cost"
	stack "github.com/englacial/zagg/internal/deploy"
)

// architectureOf is the architecture that the functions will have, in the words of AWS: the flag's, what the stack has,
// or arm64 as all templates say.
func architectureOf(given map[string]string, state *stack.State) string {
	old := ""
	if state != nil {
		old = state.Parameters["Architecture"]
	}
	return cmp.Or(given["Architecture"], old, "arm64")
}

// goArch is Go's word for an architecture of AWS.
func goArch(architecture string) string {
	if architecture == "x86_64" {
		return "amd64"
	}
	return architecture
}

// bring puts the bundle that is given, or one that is built here, where the functions are made from.
func (a *app) bring(ctx context.Context, c *cloud, o *deployOptions, architecture string) (bucket, key string, err error) {
	file := o.bundle
	if file == "" {
		dir, err := os.MkdirTemp("", "zagg-deploy-")
		if err != nil {
			return "", "", core.Errorf(core.Internal, "deploy", "", "%w", err)
		}
		defer os.RemoveAll(dir) //nolint:errcheck // a temporary folder
		file = filepath.Join(dir, o.service().function+".zip")
		if err := a.buildFor(ctx, o.service().function, architecture, file); err != nil {
			return "", "", err
		}
	}
	d, err := bundle.Inspect(file)
	if err != nil {
		return "", "", err
	}
	if want := o.service().function; d.Function != want {
		return "", "", core.Errorf(core.Invalid, "--bundle", file, "it is the function %s, and --service %s needs %s: `zagg bundle --function %s` makes one", d.Function, o.serviceName, want, want)
	}
	if d.Arch != goArch(architecture) {
		return "", "", core.Errorf(core.Invalid, "--bundle", file, "it is for %s and the function for %s: give --architecture %s, or `zagg bundle --arch %s`",
			awsArch(d.Arch), architecture, awsArch(d.Arch), goArch(architecture))
	}
	if bucket, key, err = c.stage(ctx, o, file); err != nil {
		return "", "", err
	}
	with := ""
	if len(d.Plugins) > 0 {
		with = " with " + strings.Join(d.Plugins, ", ")
	}
	fmt.Fprintf(a.stderr, "Bundle of zagg %s%s staged as s3://%s/%s\n", d.Version, with, bucket, key)
	return bucket, key, nil
}

func awsArch(arch string) string { return cost.Architecture(arch == "amd64") }

// buildFor builds a function, with all built-in plugins if it takes any.
func (a *app) buildFor(ctx context.Context, function, architecture, file string) error {
	b := bundle.Options{Function: function, Arch: goArch(architecture), Out: file}
	findSource(&b)
	fmt.Fprintf(a.stderr, "Building the function for %s …\n", architecture)
	if _, err := bundle.Build(ctx, b); err != nil {
		return fmt.Errorf("%w\n`zagg bundle` builds one with other plugins, for --bundle", err)
	}
	return nil
}

// stage uploads a bundle and gives its bucket and key.
func (c *cloud) stage(ctx context.Context, o *deployOptions, file string) (bucket, key string, err error) {
	bucket = o.artifacts
	if bucket == "" {
		id, err := sts.NewFromConfig(c.config).GetCallerIdentity(ctx, &sts.GetCallerIdentityInput{})
		if err != nil {
			return "", "", core.Errorf(core.Denied, "deploy", "AWS credentials", "%w; see `aws sts get-caller-identity`", err)
		}
		bucket = "zagg-artifacts-" + aws.ToString(id.Account) + "-" + o.region
	}
	client := s3.NewFromConfig(c.config, func(so *s3.Options) { so.UsePathStyle = c.config.BaseEndpoint != nil })
	a := &stack.Artifacts{Client: client, Bucket: bucket, Region: o.region}
	if err := a.Ensure(ctx, o.artifacts == ""); err != nil {
		return "", "", err
	}
	key, err = a.Upload(ctx, file)
	return bucket, key, err
}
