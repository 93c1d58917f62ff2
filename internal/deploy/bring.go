package deploy

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/internal/bundle"
	"github.com/englacial/zagg/internal/cost"
)

// architectureOf is the architecture that the functions will have, in the words of AWS: the flag's, what the stack has,
// or arm64 as all templates say.
func architectureOf(given map[string]string, state *State) string {
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

// A Delivery is a bundle on its way to where functions are made from.
type Delivery struct {
	Service      Service
	Architecture string // of the functions, as AWS calls it
	Bundle       string // the zip; "": it is built here
	Bucket       string // to put it in; "": the account's own, made if it is missing
	Log          io.Writer
}

// Deliver puts the bundle that is given, or one that is built here, where the functions are made from.
func (c *Cloud) Deliver(ctx context.Context, o Delivery) (bucket, key string, err error) {
	file := o.Bundle
	if file == "" {
		dir, err := os.MkdirTemp("", "zagg-deploy-")
		if err != nil {
			return "", "", core.Errorf(core.Internal, "deploy", "", "%w", err)
		}
		defer os.RemoveAll(dir) //nolint:errcheck // a temporary folder
		file = filepath.Join(dir, o.Service.Function+".zip")
		if err := o.build(ctx, file); err != nil {
			return "", "", err
		}
	}
	d, err := bundle.Inspect(file)
	if err != nil {
		return "", "", err
	}
	if want := o.Service.Function; d.Function != want {
		return "", "", core.Errorf(core.Invalid, "--bundle", file, "it is the function %s, and --service %s needs %s: `zagg bundle --function %s` makes one", d.Function, o.Service.Name, want, want)
	}
	if d.Arch != goArch(o.Architecture) {
		return "", "", core.Errorf(core.Invalid, "--bundle", file, "it is for %s and the function for %s: give --architecture %s, or `zagg bundle --arch %s`",
			awsArch(d.Arch), o.Architecture, awsArch(d.Arch), goArch(o.Architecture))
	}
	if bucket, key, err = c.stage(ctx, o, file); err != nil {
		return "", "", err
	}
	with := ""
	if len(d.Plugins) > 0 {
		with = " with " + strings.Join(d.Plugins, ", ")
	}
	fmt.Fprintf(o.Log, "Bundle of zagg %s%s staged as s3://%s/%s\n", d.Version, with, bucket, key)
	return bucket, key, nil
}

func awsArch(arch string) string { return cost.Architecture(arch == "amd64") }

// build builds the function, with all built-in plugins if it takes any.
func (o *Delivery) build(ctx context.Context, file string) error {
	b := bundle.Options{Function: o.Service.Function, Arch: goArch(o.Architecture), Out: file}
	b.FindSource()
	fmt.Fprintf(o.Log, "Building the function for %s …\n", o.Architecture)
	if _, err := bundle.Build(ctx, b); err != nil {
		return fmt.Errorf("%w\n`zagg bundle` builds one with other plugins, for --bundle", err)
	}
	return nil
}

// stage uploads a bundle and gives its bucket and key.
func (c *Cloud) stage(ctx context.Context, o Delivery, file string) (bucket, key string, err error) {
	bucket = o.Bucket
	if bucket == "" {
		id, err := sts.NewFromConfig(c.Config).GetCallerIdentity(ctx, &sts.GetCallerIdentityInput{})
		if err != nil {
			return "", "", core.Errorf(core.Denied, "deploy", "AWS credentials", "%w; see `aws sts get-caller-identity`", err)
		}
		bucket = "zagg-artifacts-" + aws.ToString(id.Account) + "-" + c.Region
	}
	client := s3.NewFromConfig(c.Config, func(so *s3.Options) { so.UsePathStyle = c.Config.BaseEndpoint != nil })
	a := &artifacts{Client: client, Bucket: bucket, Region: c.Region}
	if err := a.Ensure(ctx, o.Bucket == ""); err != nil {
		return "", "", err
	}
	key, err = a.Upload(ctx, file)
	return bucket, key, err
}
