package bench

import (
	"context"
	"fmt"
	"io"
	"net/url"
	"slices"
	"strings"

	"github.com/englacial/zagg/core"
)

// A Check is one thing that the set-up of docs/benchmark-setup.md makes, and the command that mends it where it is missing.
type Check struct {
	Name string
	Look func(ctx context.Context) (found bool, err error)
	Mend string
}

// A Setup is what the checks look for.
type Setup struct {
	Repo       string // owner/name
	DistBucket string
	Account    Account // nil: AWS is not asked
	GitHub     *GitHub // nil: GitHub is not asked
}

// An Account answers what is there in an AWS account.
type Account interface {
	HasProvider(ctx context.Context, host string) (bool, error)
	HasRole(ctx context.Context, name string) (bool, error)
	// AccountBlocks and BucketBlocks report whether the account, or the bucket, lets no policy make buckets public.
	AccountBlocks(ctx context.Context) (bool, error)
	BucketBlocks(ctx context.Context, bucket string) (bool, error)
	// HasPublicPolicy reports whether the bucket has a policy that lets strangers in.
	HasPublicPolicy(ctx context.Context, bucket string) (bool, error)
	// IsPublic reports whether a stranger who tries may list the bucket.
	IsPublic(ctx context.Context, bucket string) (bool, error)
}

// roles are those that deploy/benchmark_cicd.yaml makes.
func roles() []string {
	return []string{"zagg-benchmark", "zagg-benchmark-deploy", "zagg-lambda-release"}
}

// variables are those of the repository that the workflows read; without them their jobs skip.
func variables() []string {
	return []string{
		"BENCHMARK_ROLE_ARN", "BENCHMARK_AWS_REGION", "BENCHMARK_FUNCTION_NAME", "BENCHMARK_STORE_PREFIX",
		"DEPLOY_ROLE_ARN", "TEST_FUNCTION_NAME", "TEST_STAGE_BUCKET",
		"LAMBDA_RELEASE_ROLE_ARN", "LAMBDA_PROD_FUNCTION_NAME", "LAMBDA_DIST_BUCKET", "LAMBDA_AWS_REGION",
	}
}

// Names of what the workflows need on GitHub.
const (
	Provider      = "token.actions.githubusercontent.com"
	seriesBranch  = "benchmarks"
	environment   = "production"
	secretName    = "EARTHDATA_TOKEN"
	labelColour   = "FBCA04"
	deployCommand = "aws cloudformation deploy --stack-name zagg-benchmark-cicd --template-file deploy/benchmark_cicd.yaml --capabilities CAPABILITY_NAMED_IAM"
)

// Checks are all checks that can be made of s, in the order of the set-up.
func (s Setup) Checks() []Check {
	var checks []Check
	if s.Account != nil {
		checks = append(checks, s.accountChecks()...)
	}
	if s.GitHub != nil {
		checks = append(checks, s.githubChecks()...)
	}
	return checks
}

func (s Setup) accountChecks() []Check {
	checks := []Check{{
		Name: "OpenID Connect provider " + Provider,
		Look: func(ctx context.Context) (bool, error) { return s.Account.HasProvider(ctx, Provider) },
		Mend: "aws iam create-open-id-connect-provider --url https://" + Provider + " --client-id-list sts.amazonaws.com",
	}}
	for _, role := range roles() {
		checks = append(checks, Check{
			Name: "role " + role,
			Look: func(ctx context.Context) (bool, error) { return s.Account.HasRole(ctx, role) },
			Mend: deployCommand + " --parameter-overrides GitHubRepo=" + s.Repo,
		})
	}
	if s.DistBucket != "" {
		checks = append(checks, s.bucketChecks()...)
	}
	return checks
}

// bucketChecks are those of the bucket that releases are distributed from, from the outside in: each can only hold if those
// before it do.
func (s Setup) bucketChecks() []Check {
	const open = " --public-access-block-configuration BlockPublicAcls=true,IgnorePublicAcls=true,BlockPublicPolicy=false,RestrictPublicBuckets=false"
	not := func(blocks bool, err error) (bool, error) { return err == nil && !blocks, err }
	return []Check{
		{Name: "the account does not block public buckets",
			Look: func(ctx context.Context) (bool, error) { return not(s.Account.AccountBlocks(ctx)) },
			Mend: "aws s3control put-public-access-block --account-id ACCOUNT" + open},
		{Name: "bucket " + s.DistBucket + " does not block a public policy",
			Look: func(ctx context.Context) (bool, error) { return not(s.Account.BucketBlocks(ctx, s.DistBucket)) },
			Mend: "aws s3api put-public-access-block --bucket " + s.DistBucket + open},
		{Name: "bucket " + s.DistBucket + " has a public policy",
			Look: func(ctx context.Context) (bool, error) { return s.Account.HasPublicPolicy(ctx, s.DistBucket) },
			Mend: deployCommand + " --parameter-overrides GitHubRepo=" + s.Repo + " DistBucketName=" + s.DistBucket},
		{Name: "bucket " + s.DistBucket + " can be listed by everybody",
			Look: func(ctx context.Context) (bool, error) { return s.Account.IsPublic(ctx, s.DistBucket) },
			Mend: "one of the checks above says why, or the bucket's policy does not let everybody list it"},
	}
}

func (s Setup) githubChecks() []Check {
	at := func(path string) func(context.Context) (bool, error) {
		return func(ctx context.Context) (bool, error) { return s.GitHub.Exists(ctx, path) }
	}
	var checks []Check
	for _, v := range variables() {
		checks = append(checks, Check{Name: "variable " + v, Look: at("/actions/variables/" + v), Mend: "gh variable set " + v + " --repo " + s.Repo + " --body VALUE"})
	}
	return append(checks,
		Check{Name: "secret " + secretName, Look: at("/actions/secrets/" + secretName), Mend: "gh secret set " + secretName + " --repo " + s.Repo},
		Check{Name: "branch " + seriesBranch, Look: at("/branches/" + seriesBranch),
			Mend: "git switch --orphan " + seriesBranch + " && git commit --allow-empty -m 'benchmarks: begin' && git push origin " + seriesBranch},
		Check{Name: "label " + label, Look: at("/labels/" + url.PathEscape(label)),
			Mend: "gh label create " + label + " --repo " + s.Repo + " --color " + labelColour + " --description 'Measure this pull request'"},
		Check{Name: "environment " + environment + " asks a reviewer", Look: s.GitHub.hasReviewer,
			Mend: "Settings, Environments, " + environment + ": add required reviewers"},
	)
}

// hasReviewer reports whether the environment of releases waits for somebody's approval.
func (g GitHub) hasReviewer(ctx context.Context) (bool, error) {
	var env struct {
		ProtectionRules []struct{ Type string } `json:"protection_rules"`
	}
	err := g.call(ctx, "GET", "/environments/"+environment, nil, &env)
	if core.Is(err, core.NotFound) {
		return false, nil
	}
	asks := slices.ContainsFunc(env.ProtectionRules, func(r struct{ Type string }) bool { return r.Type == "required_reviewers" })
	return asks, err
}

// Examine makes the checks, prints a line for each, and reports how many did not hold or could not be made.
func Examine(ctx context.Context, w io.Writer, checks []Check) (wrong int) {
	for _, c := range checks {
		found, err := c.Look(ctx)
		switch {
		case err != nil:
			wrong++
			fmt.Fprintf(w, "unknown  %s: %v\n", c.Name, err)
		case found:
			fmt.Fprintf(w, "ok       %s\n", c.Name)
		default:
			wrong++
			fmt.Fprintf(w, "missing  %s\n         %s\n", c.Name, strings.ReplaceAll(c.Mend, "\n", "\n         "))
		}
	}
	return wrong
}
