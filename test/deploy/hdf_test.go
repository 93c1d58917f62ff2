//go:build suites

package deploy

import (
	"debug/elf"
	"encoding/json"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/stretchr/testify/require"

	"github.com/englacial/zagg/deploy"
)

// A stack that serves HDF5 files: up, changed, down; what is not its own stays.
func TestHDFStack(t *testing.T) {
	moto(t)
	first := bundleOf(t, "hdf")
	second := bundleLike(t, elf.EM_AARCH64, `{"arch":"arm64","function":"hdf","zagg_version":"9.9","plugins":[]}`, "another")
	up := []string{"deploy", "up", "--service", "hdf", "--bundle", first, "--yes"}
	code, _, errs := zagg(t, "", up...)
	require.Equal(t, 2, code)
	require.Contains(t, errs, "--bucket is missing")
	code, _, errs = zagg(t, "", "deploy", "up", "--service", "hdf", "--bundle", bundle(t, "x"), "--bucket", "my-granules", "--yes")
	require.NotZero(t, code, "a worker is no hdf")
	require.Contains(t, errs, "worker")

	out := ok(t, append(up, "--bucket", "my-granules", "--prefix", "granules/", "--second-bucket", "more-granules")...)
	require.Contains(t, out, "CREATE_COMPLETE")
	functions, roles := lambda.NewFromConfig(awsConfig(t)), iam.NewFromConfig(awsConfig(t))
	f, err := functions.GetFunctionConfiguration(t.Context(), &lambda.GetFunctionConfigurationInput{FunctionName: aws.String("hdf")})
	require.NoError(t, err)
	require.EqualValues(t, 1024, *f.MemorySize)
	require.EqualValues(t, 30, *f.Timeout)
	require.Equal(t, "provided.al2023", string(f.Runtime))
	require.Equal(t, "my-granules", f.Environment.Variables["BUCKET_NAME"])
	require.Equal(t, "my-granules/granules/ more-granules", f.Environment.Variables["ZAGG_HDF_READ"])
	role, err := roles.GetRole(t.Context(), &iam.GetRoleInput{RoleName: aws.String("zagg-hdf-execution")})
	require.NoError(t, err)
	require.Equal(t, *role.Role.Arn, *f.Role)

	ok(t, "deploy", "update", "--service", "hdf", "--bundle", second, "--memory", "2048", "--yes")
	g, err := functions.GetFunctionConfiguration(t.Context(), &lambda.GetFunctionConfigurationInput{FunctionName: aws.String("hdf")})
	require.NoError(t, err)
	require.EqualValues(t, 2048, *g.MemorySize)
	require.NotEqual(t, *f.CodeSha256, *g.CodeSha256)
	require.Equal(t, "my-granules/granules/ more-granules", g.Environment.Variables["ZAGG_HDF_READ"], "what is not given stays")

	var state struct {
		Parameters map[string]string
	}
	status := ok(t, "deploy", "status", "--service", "hdf", "--json")
	require.NoError(t, json.Unmarshal([]byte(status), &state))
	require.Equal(t, "2048", state.Parameters["MemorySize"], status)
	require.Contains(t, ok(t, "deploy", "down", "--service", "hdf", "--yes"), "Kept: s3://my-granules")
	_, err = functions.GetFunctionConfiguration(t.Context(), &lambda.GetFunctionConfigurationInput{FunctionName: aws.String("hdf")})
	require.Error(t, err)
	_, err = roles.GetRole(t.Context(), &iam.GetRoleInput{RoleName: aws.String("zagg-hdf-execution")})
	require.Error(t, err)
}

// An HTTP API in front of the function; there is none that everybody knows the password of.
func TestHDFStackWithAnAPI(t *testing.T) {
	moto(t)
	up := []string{"deploy", "up", "--service", "hdf", "--bundle", bundleOf(t, "hdf"), "--bucket", "my-granules", "--http-api", "--yes"}
	code, _, errs := zagg(t, "", up...)
	require.NotZero(t, code)
	require.Contains(t, errs, "--password")
	out := ok(t, append(up, "--password", "open-sesame", "--public-prefix", "open/")...)
	require.Contains(t, out, "CREATE_COMPLETE")
	require.NotContains(t, out, "open-sesame")
	f, err := lambda.NewFromConfig(awsConfig(t)).GetFunctionConfiguration(t.Context(), &lambda.GetFunctionConfigurationInput{FunctionName: aws.String("hdf")})
	require.NoError(t, err)
	require.Equal(t, "open-sesame", f.Environment.Variables["ZAGG_HDF_PASSWORD"])
	require.Equal(t, "my-granules/open/", f.Environment.Variables["ZAGG_HDF_PUBLIC"])
}

// What the role of the template may do, in every form of the stack, is read the files that were named, and log.
func TestHDFRoleReadsTheNamedBucketsAlone(t *testing.T) {
	for name, c := range map[string]struct {
		given map[string]string
		read  []string
	}{
		"one bucket":   {map[string]string{"BucketName": "a"}, []string{"arn:aws:s3:::a/*"}},
		"a prefix":     {map[string]string{"BucketName": "a", "Prefix": "p/"}, []string{"arn:aws:s3:::a/p/*"}},
		"two":          {map[string]string{"BucketName": "a", "Prefix": "p/", "SecondBucketName": "b"}, []string{"arn:aws:s3:::a/p/*", "arn:aws:s3:::b/*"}},
		"public place": {map[string]string{"BucketName": "a", "PublicPrefix": "open/", "CreateHttpApi": "true"}, []string{"arn:aws:s3:::a/*"}},
	} {
		t.Run(name, func(t *testing.T) {
			r := newResolverOf(t, deploy.HDF(), c.given)
			var read []string
			statements := r.roleStatements(t, "ExecutionRole")
			second := r.document["Resources"].(map[string]any)["SecondPolicy"].(map[string]any)
			if r.holds(t, r.conditions[text(second["Condition"])]) {
				statements = append(statements, statementsOf(t, []any{r.resolve(t, second["Properties"])})...)
			}
			for _, s := range statements {
				for _, action := range s.actions {
					switch action {
					case "s3:GetObject":
						read = append(read, s.resources...)
					case "s3:ListBucket", "logs:CreateLogStream", "logs:PutLogEvents":
					default:
						t.Errorf("the role may do %s on %v", action, s.resources)
					}
				}
			}
			require.ElementsMatch(t, c.read, read)
		})
	}
}
