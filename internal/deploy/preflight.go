package deploy

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	iamtypes "github.com/aws/aws-sdk-go-v2/service/iam/types"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	lambdatypes "github.com/aws/aws-sdk-go-v2/service/lambda/types"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"github.com/englacial/zagg/core"
)

// A Preflight looks for what stands in the way of a stack that is about to be created, before a change set is made: a failed
// creation has to be removed by hand.
type Preflight struct {
	Functions *lambda.Client
	Roles     *iam.Client
	Buckets   *s3.Client
	Say       func(line string) // what may not be looked at, and what is adopted
}

// Preflight looks at the account; say gets what may not be looked at, and what is adopted.
func (c *Cloud) Preflight(say func(line string)) *Preflight {
	return &Preflight{
		Functions: lambda.NewFromConfig(c.Config), Roles: iam.NewFromConfig(c.Config),
		Buckets: s3.NewFromConfig(c.Config, func(o *s3.Options) { o.UsePathStyle = c.Config.BaseEndpoint != nil }), Say: say,
	}
}

// Check looks at the functions, the role and the bucket that a stack with these parameters would make. What is there and is not
// the stack's is an error that names it and the flag that adopts it or gives another name. A bucket that is there and ours is
// adopted: its parameter changes. Of a template without a parameter nothing is looked at.
func (p *Preflight) Check(ctx context.Context, s *Stack, template string, given map[string]string) error {
	known, err := s.defaults(ctx, template)
	if err != nil {
		return err
	}
	value := func(name string) string {
		if v, ok := given[name]; ok {
			return v
		}
		return known[name]
	}
	var problems []string
	names := []string{value("FunctionName")}
	if value("CreateMemoryVariants") == "true" {
		for _, memory := range []string{"-2048", "-4096", "-8192"} {
			names = append(names, names[0]+memory)
		}
	}
	for _, name := range names {
		problems = append(problems, p.function(ctx, name))
	}
	if value("CreateExecutionRole") != "false" {
		problems = append(problems, p.role(ctx, value("ExecutionRoleName")))
	}
	if bucket := value("OutputBucketName"); bucket != "" {
		problem, adopt := p.bucket(ctx, bucket, value("CreateOutputBucket") == "true")
		problems = append(problems, problem)
		if adopt {
			given["CreateOutputBucket"] = "false"
			p.Say("bucket " + bucket + " is there already and is taken as it is")
		}
	}
	problems = slices.DeleteFunc(problems, func(s string) bool { return s == "" })
	if len(problems) == 0 {
		return nil
	}
	return core.Errorf(core.Invalid, "deploy", s.Name, "nothing was made, because\n  %s", strings.Join(problems, "\n  "))
}

// defaults are a template's own values of its parameters.
func (s *Stack) defaults(ctx context.Context, template string) (map[string]string, error) {
	declared, err := s.declared(ctx, template)
	if err != nil {
		return nil, err
	}
	known := map[string]string{}
	for _, p := range declared {
		known[aws.ToString(p.ParameterKey)] = aws.ToString(p.DefaultValue)
	}
	return known, nil
}

// function is what is wrong with a function's name; "": it is free.
func (p *Preflight) function(ctx context.Context, name string) string {
	_, err := p.Functions.GetFunctionConfiguration(ctx, &lambda.GetFunctionConfigurationInput{FunctionName: &name})
	if err == nil {
		return fmt.Sprintf("function %s exists and does not belong to this stack: give another --function-name, or the --stack that made it", name)
	}
	if _, ok := errors.AsType[*lambdatypes.ResourceNotFoundException](err); !ok {
		p.Say(fmt.Sprintf("whether function %s is there may not be asked: %v", name, err))
	}
	return ""
}

func (p *Preflight) role(ctx context.Context, name string) string {
	out, err := p.Roles.GetRole(ctx, &iam.GetRoleInput{RoleName: &name})
	if err == nil {
		return fmt.Sprintf("role %s exists and does not belong to this stack: give another --role-name, or use it with --role-arn %s", name, *out.Role.Arn)
	}
	if _, ok := errors.AsType[*iamtypes.NoSuchEntityException](err); !ok {
		p.Say(fmt.Sprintf("whether role %s is there may not be asked: %v", name, err))
	}
	return ""
}

// bucket is what is wrong with the bucket for stores; adopt says that it is there although it was to be made.
func (p *Preflight) bucket(ctx context.Context, name string, create bool) (problem string, adopt bool) {
	_, err := p.Buckets.HeadBucket(ctx, &s3.HeadBucketInput{Bucket: &name})
	status := 0
	if e, ok := errors.AsType[*smithyhttp.ResponseError](err); ok {
		status = e.HTTPStatusCode()
	}
	switch {
	case err == nil:
		return "", create
	case status == http.StatusNotFound && !create:
		p.Say(fmt.Sprintf("there is no bucket %s yet: --create-output-bucket makes it", name))
	case status == http.StatusForbidden && create:
		return fmt.Sprintf("bucket %s exists and belongs to another account, or access to it is denied: give another --output-bucket, or leave --create-output-bucket out", name), false
	case status != http.StatusNotFound && status != http.StatusForbidden:
		p.Say(fmt.Sprintf("whether bucket %s is there cannot be told: %v", name, err))
	}
	return "", false
}
