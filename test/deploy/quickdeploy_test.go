//go:build suites

package deploy

import (
	"archive/zip"
	"bytes"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	lambdatypes "github.com/aws/aws-sdk-go-v2/service/lambda/types"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/stretchr/testify/require"

	"github.com/englacial/zagg/deploy"
)

// functions makes functions of one zip in a bucket with versions.
func functions(t *testing.T, names ...string) {
	moto(t)
	client := bucketClient(t)
	_, err := client.CreateBucket(t.Context(), &s3.CreateBucketInput{Bucket: aws.String("zips"), CreateBucketConfiguration: &types.CreateBucketConfiguration{LocationConstraint: "us-west-2"}})
	require.NoError(t, err)
	_, err = client.PutBucketVersioning(t.Context(), &s3.PutBucketVersioningInput{Bucket: aws.String("zips"), VersioningConfiguration: &types.VersioningConfiguration{Status: types.BucketVersioningStatusEnabled}})
	require.NoError(t, err)
	var out bytes.Buffer
	z := zip.NewWriter(&out)
	for _, name := range []string{"app.py", "config.json"} {
		w, err := z.Create(name)
		require.NoError(t, err)
		_, err = io.WriteString(w, "old "+name)
		require.NoError(t, err)
	}
	require.NoError(t, z.Close())
	_, err = client.PutObject(t.Context(), &s3.PutObjectInput{Bucket: aws.String("zips"), Key: aws.String("my/app.zip"), Body: bytes.NewReader(out.Bytes())})
	require.NoError(t, err)
	trust := `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"lambda.amazonaws.com"},"Action":"sts:AssumeRole"}]}`
	role, err := iam.NewFromConfig(awsConfig(t)).CreateRole(t.Context(), &iam.CreateRoleInput{RoleName: aws.String("r"), AssumeRolePolicyDocument: &trust})
	require.NoError(t, err)
	for _, name := range names {
		_, err := lambda.NewFromConfig(awsConfig(t)).CreateFunction(t.Context(), &lambda.CreateFunctionInput{
			FunctionName: &name, Role: role.Role.Arn, Runtime: lambdatypes.RuntimePython312, Handler: aws.String("app.f"), MemorySize: aws.Int32(512),
			Code: &lambdatypes.FunctionCode{S3Bucket: aws.String("zips"), S3Key: aws.String("my/app.zip")},
		})
		require.NoError(t, err)
	}
}

func codeOf(t *testing.T, name string) string {
	f, err := lambda.NewFromConfig(awsConfig(t)).GetFunctionConfiguration(t.Context(), &lambda.GetFunctionConfigurationInput{FunctionName: &name})
	require.NoError(t, err)
	require.EqualValues(t, 512, *f.MemorySize, "the configuration stays")
	require.Equal(t, "$LATEST", *f.Version)
	return *f.CodeSha256
}

func zipped(t *testing.T, name string) string {
	out, err := bucketClient(t).GetObject(t.Context(), &s3.GetObjectInput{Bucket: aws.String("zips"), Key: aws.String("my/app.zip")})
	require.NoError(t, err)
	data, err := io.ReadAll(out.Body)
	require.NoError(t, err)
	z, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	require.NoError(t, err)
	f, err := z.Open(name)
	if err != nil {
		return "none"
	}
	text, err := io.ReadAll(f)
	require.NoError(t, err)
	return string(text)
}

// Functions take a patched zip; one that is not there fails alone; the version before comes back, and the one before that.
func TestQuickdeploy(t *testing.T) {
	names := []string{"f0", "f1", "f2", "f3"}
	functions(t, names...)
	old := codeOf(t, "f0")
	config := filepath.Join(t.TempDir(), "c.json")
	require.NoError(t, os.WriteFile(config, []byte("new"), 0o644))
	base := []string{"quickdeploy", "--zip", "s3://zips/my/app.zip", "--functions", strings.Join(names, ",")}
	change := append(append([]string{}, base...), "--local", "--change", "config.json="+config, "--change", "more.txt="+config)

	out := ok(t, append(change, "--dry-run")...)
	require.Contains(t, out, "Would modify config.json, 3 bytes, now 15\nWould add more.txt, 3 bytes\nWould update f0")
	require.Equal(t, "old config.json", zipped(t, "config.json"))

	out = ok(t, change...)
	require.Contains(t, out, "4 of 4 functions have the new code")
	require.Equal(t, "new", zipped(t, "config.json"))
	patched := codeOf(t, "f0")
	require.NotEqual(t, old, patched)
	for _, name := range names {
		require.Equal(t, patched, codeOf(t, name))
	}

	code, out, errs := zagg(t, "", "quickdeploy", "--zip", "s3://zips/my/app.zip", "--functions", "f0,none,f1", "--local", "--delete", "more.txt", "--json")
	require.Equal(t, 1, code)
	require.Contains(t, errs, "none failed after")
	var done struct {
		Deleted   int
		Functions []struct{ Function, Error string }
	}
	require.NoError(t, json.Unmarshal([]byte(out), &done))
	require.Equal(t, 1, done.Deleted)
	require.NotEmpty(t, done.Functions[2].Error)
	require.Empty(t, done.Functions[0].Error)
	require.Equal(t, codeOf(t, "f0"), codeOf(t, "f1"))
	require.NotEqual(t, patched, codeOf(t, "f0"))

	ok(t, append(base, "--rollback")...)
	require.Equal(t, patched, codeOf(t, "f2"))
	require.Equal(t, "new", zipped(t, "more.txt"))
	ok(t, append(base, "--rollback")...)
	require.Equal(t, old, codeOf(t, "f2"))
	code, _, errs = zagg(t, "", append(base, "--rollback")...)
	require.Equal(t, 1, code)
	require.Contains(t, errs, "there is no version before this one")
}

func TestQuickdeployRefuses(t *testing.T) {
	for want, args := range map[string][]string{
		"--functions or --stack is missing": {"--zip", "s3://b/k", "--rollback"},
		"--zip is missing":                  {"--functions", "f", "--rollback"},
		"nothing to do":                     {"--zip", "s3://b/k", "--functions", "f"},
		"exclude each other":                {"--zip", "s3://b/k", "--functions", "f", "--stack", "s", "--rollback"},
		"--rollback goes with neither":      {"--zip", "s3://b/k", "--functions", "f", "--rollback", "--delete", "x"},
		"need --bundle":                     {"--zip", "s3://b/k", "--functions", "f", "--delete", "x", "--plugin", "p"},
	} {
		code, _, errs := zagg(t, "", append([]string{"quickdeploy"}, args...)...)
		require.Equal(t, 2, code, errs)
		require.Contains(t, errs, want)
	}
	functions(t, "f")
	code, _, errs := zagg(t, "", "quickdeploy", "--zip", "s3://zips/my/app.zip", "--functions", "f", "--delete", "x")
	require.Equal(t, 1, code)
	require.Contains(t, errs, "zagg deploy up --service zipedit --zip-bucket zips")
}

// The function zipedit is stood up and taken down in one go; the worker's stack is not taken for it.
func TestZipeditService(t *testing.T) {
	moto(t)
	zipOf := func(function string) string {
		return bundleOf(t, function)
	}
	up := []string{"deploy", "up", "--service", "zipedit", "--zip-bucket", "zips", "--yes", "--bundle"}
	code, _, errs := zagg(t, "", append(up, zipOf("worker"))...)
	require.Equal(t, 1, code)
	require.Contains(t, errs, "it is the function worker, and --service zipedit needs zipedit")
	require.Contains(t, ok(t, append(up, zipOf("zipedit"))...), "CREATE_COMPLETE")
	f, err := lambda.NewFromConfig(awsConfig(t)).GetFunctionConfiguration(t.Context(), &lambda.GetFunctionConfigurationInput{FunctionName: aws.String("zipedit")})
	require.NoError(t, err)
	require.Equal(t, "provided.al2023", string(f.Runtime))
	require.EqualValues(t, 60, *f.Timeout)
	require.EqualValues(t, 256, *f.MemorySize)
	code, _, errs = zagg(t, "", "deploy", "down", "--stack", "zagg-zipedit", "--yes")
	require.Equal(t, 1, code)
	require.Contains(t, errs, "this stack is the service zipedit, not worker")
	require.Contains(t, ok(t, "deploy", "down", "--service", "zipedit", "--yes"), "Kept: s3://zips (zips), s3://zagg-artifacts-")
	_, err = lambda.NewFromConfig(awsConfig(t)).GetFunctionConfiguration(t.Context(), &lambda.GetFunctionConfigurationInput{FunctionName: aws.String("zipedit")})
	require.Error(t, err)
	for want, args := range map[string][]string{
		"--zip-bucket is missing": {"up", "--service", "zipedit"},
		"needs a slash":           {"up", "--service", "zipedit", "--zip-bucket", "b", "--zip-prefix", "p"},
		"--output-bucket is of --service worker, not of zipedit": {"up", "--service", "zipedit", "--zip-bucket", "b", "--output-bucket", "c"},
		"--service is \"none\"":                                  {"status", "--service", "none"},
	} {
		code, _, errs := zagg(t, "", append([]string{"deploy"}, args...)...)
		require.Equal(t, 2, code)
		require.Contains(t, errs, want)
	}
}

// The role of zipedit may read and write the zips, and nothing else.
func TestZipeditRole(t *testing.T) {
	const zips = "arn:aws:s3:::zips"
	given := map[string]string{"ZipBucketName": "zips", "ZipPrefix": "app/", "ArtifactBucket": "a", "FunctionS3Key": "k"}
	for _, c := range []struct {
		action, resource string
		want             bool
	}{
		{"s3:GetObject", zips + "/app/x.zip", true}, {"s3:PutObject", zips + "/app/x.zip", true}, {"s3:AbortMultipartUpload", zips + "/app/x.zip", true},
		{"s3:PutObject", zips + "/other/x.zip", false}, {"s3:DeleteObject", zips + "/app/x.zip", false}, {"s3:ListBucket", zips, false},
		{"s3:GetObject", "arn:aws:s3:::a/k", false}, {"lambda:UpdateFunctionCode", "arn:aws:lambda:us-west-2:123456789012:function:f", false},
		{"logs:PutLogEvents", "arn:aws:logs:us-west-2:123456789012:log-group:/aws/lambda/zipedit:log-stream:x", true},
		{"logs:PutLogEvents", "arn:aws:logs:us-west-2:123456789012:log-group:/aws/lambda/other:log-stream:x", false},
	} {
		require.Equal(t, c.want, allowed(newResolverOf(t, deploy.ZipEdit(), given).roleStatements(t, "ExecutionRole"), c.action, c.resource, ""), "%s on %s", c.action, c.resource)
	}
}
