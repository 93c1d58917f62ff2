//go:build suites

package deploy

import (
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	cfntypes "github.com/aws/aws-sdk-go-v2/service/cloudformation/types"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/stretchr/testify/require"

	"github.com/englacial/zagg/deploy"
)

func TestCICDTemplateIsCleanForCfnLint(t *testing.T) {
	out, err := exec.Command(filepath.Join(filepath.Dir(python(t)), "cfn-lint"), "../../deploy/benchmark_cicd.yaml").CombinedOutput()
	require.NoError(t, err, string(out))
}

// trusts works out whether a token of GitHub's provider may assume the role: IAM's StringEquals and StringLike.
func (r *resolver) trusts(t *testing.T, role, provider, audience, subject string) bool {
	resolved := r.resolve(t, r.document["Resources"].(map[string]any)[role]).(map[string]any)
	statements := resolved["Properties"].(map[string]any)["AssumeRolePolicyDocument"].(map[string]any)["Statement"].([]any)
	require.Len(t, statements, 1)
	s := statements[0].(map[string]any)
	require.Equal(t, "sts:AssumeRoleWithWebIdentity", s["Action"])
	conditions := s["Condition"].(map[string]any)
	require.Len(t, conditions, 2)
	const issuer = "token.actions.githubusercontent.com"
	return s["Principal"].(map[string]any)["Federated"] == provider &&
		conditions["StringEquals"].(map[string]any)[issuer+":aud"] == audience &&
		like(text(conditions["StringLike"].(map[string]any)[issuer+":sub"]), subject)
}

func TestWhoMayAssumeTheRoles(t *testing.T) {
	const provider = "arn:aws:iam::123456789012:oidc-provider/token.actions.githubusercontent.com"
	const audience = "sts.amazonaws.com"
	r := newResolverOf(t, deploy.BenchmarkCICD(), nil)
	for _, role := range []string{"InvokeRole", "DeployRole", "ReleaseRole"} {
		for subject, want := range map[string]bool{
			"repo:englacial/zagg:ref:refs/heads/main":      true,
			"repo:englacial/zagg:pull_request":             true,
			"repo:englacial/zagg:environment:production":   true,
			"repo:englacial/zagg-evil:ref:refs/heads/main": false,
			"repo:evil/zagg:ref:refs/heads/main":           false,
			"repo:evil/englacial/zagg:pull_request":        false,
			"repo:englacial/zag":                           false,
		} {
			require.Equal(t, want, r.trusts(t, role, provider, audience, subject), "%s %s", role, subject)
		}
		require.False(t, r.trusts(t, role, provider, "somebody.else", "repo:englacial/zagg:pull_request"))
		require.False(t, r.trusts(t, role, "arn:aws:iam::123456789012:oidc-provider/evil.example", audience, "repo:englacial/zagg:pull_request"))
	}
}

// Each role may do what its tier needs, and nothing of another's.
func TestRolesOfCICDActionByAction(t *testing.T) {
	const (
		function = "arn:aws:lambda:us-west-2:123456789012:function:"
		layer    = "arn:aws:lambda:us-west-2:123456789012:layer:"
		stable   = function + "process-shard"
		test     = function + "process-shard-test"
		other    = function + "process-shard-4096"
		staged   = "arn:aws:s3:::sliderule-public/lambda-test/0123/lambda_function_arm64.zip"
		store    = "arn:aws:s3:::sliderule-public/store.zarr/zarr.json"
		dist     = "arn:aws:s3:::sliderule-public-cors/versions.json"
	)
	deployed := []string{"lambda:UpdateFunctionCode", "lambda:UpdateFunctionConfiguration", "lambda:GetFunction", "lambda:GetFunctionConfiguration"}
	published := []string{"lambda:PublishLayerVersion", "lambda:GetLayerVersion"}
	type pair struct{ action, resource string }
	may := map[string]map[pair]bool{"InvokeRole": {}, "DeployRole": {}, "ReleaseRole": {}}
	for _, f := range []string{stable, test} {
		for _, a := range []string{"lambda:InvokeFunction", "lambda:GetFunctionConfiguration", "lambda:GetFunctionConcurrency"} {
			may["InvokeRole"][pair{a, f}] = true
		}
	}
	for role, on := range map[string][3]string{"DeployRole": {test, layer + "process-shard-test-deps", staged}, "ReleaseRole": {stable, layer + "process-shard-deps", dist}} {
		for _, a := range deployed {
			may[role][pair{a, on[0]}] = true
		}
		for _, a := range published {
			may[role][pair{a, on[1]}], may[role][pair{a, on[1] + ":3"}] = true, true
		}
		may[role][pair{"s3:PutObject", on[2]}], may[role][pair{"s3:GetObject", on[2]}] = true, true
	}
	actions := append(append([]string{"lambda:InvokeFunction", "lambda:GetFunctionConcurrency", "lambda:GetAccountSettings", "lambda:DeleteFunction", "lambda:AddPermission",
		"cloudwatch:GetMetricStatistics", "s3:PutObject", "s3:GetObject", "s3:DeleteObject", "s3:ListBucket", "iam:PassRole", "sts:AssumeRole"}, deployed...), published...)
	resources := []string{stable, test, other, layer + "process-shard-deps", layer + "process-shard-deps:3", layer + "process-shard-test-deps", layer + "process-shard-test-deps:3",
		staged, store, dist, "arn:aws:iam::123456789012:role/admin"}
	r := newResolverOf(t, deploy.BenchmarkCICD(), nil)
	for role, want := range may {
		statements := r.roleStatements(t, role)
		for _, a := range actions {
			for _, res := range resources {
				if a == "lambda:GetAccountSettings" || a == "cloudwatch:GetMetricStatistics" {
					require.Equal(t, role == "InvokeRole", allowed(statements, a, res, ""), "%s: %s", role, a)
					continue
				}
				require.Equal(t, want[pair{a, res}], allowed(statements, a, res, ""), "%s: %s on %s", role, a, res)
			}
		}
	}
}

// A stack's life at moto; an existing bucket is let be; deleting the stack removes the roles.
func TestCICDStack(t *testing.T) {
	moto(t)
	client := cloudformation.NewFromConfig(awsConfig(t))
	roles := iam.NewFromConfig(awsConfig(t))
	names := []string{"zagg-benchmark", "zagg-benchmark-deploy", "zagg-lambda-release"}
	for _, creates := range []string{"true", "false"} {
		_, err := client.CreateStack(t.Context(), &cloudformation.CreateStackInput{
			StackName: aws.String("zagg-benchmark-cicd"), TemplateBody: aws.String(deploy.BenchmarkCICD()), Capabilities: []cfntypes.Capability{cfntypes.CapabilityCapabilityNamedIam},
			Parameters: []cfntypes.Parameter{{ParameterKey: aws.String("CreateDistBucket"), ParameterValue: aws.String(creates)}},
		})
		require.NoError(t, err)
		stack, err := client.DescribeStacks(t.Context(), &cloudformation.DescribeStacksInput{StackName: aws.String("zagg-benchmark-cicd")})
		require.NoError(t, err)
		outputs := map[string]string{}
		for _, o := range stack.Stacks[0].Outputs {
			outputs[*o.OutputKey] = *o.OutputValue
		}
		require.Equal(t, map[string]string{
			"InvokeRoleArn": "arn:aws:iam::123456789012:role/zagg-benchmark", "DeployRoleArn": "arn:aws:iam::123456789012:role/zagg-benchmark-deploy",
			"ReleaseRoleArn": "arn:aws:iam::123456789012:role/zagg-lambda-release", "DistBucketName": "sliderule-public-cors",
		}, outputs)
		for _, n := range names {
			_, err := roles.GetRole(t.Context(), &iam.GetRoleInput{RoleName: aws.String(n)})
			require.NoError(t, err)
		}
		_, err = client.DeleteStack(t.Context(), &cloudformation.DeleteStackInput{StackName: aws.String("zagg-benchmark-cicd")})
		require.NoError(t, err)
		for _, n := range names {
			_, err := roles.GetRole(t.Context(), &iam.GetRoleInput{RoleName: aws.String(n)})
			require.Error(t, err)
		}
	}
}
