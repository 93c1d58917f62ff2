//go:build suites

package deploy

import (
	"archive/zip"
	"bytes"
	"crypto/sha256"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/stretchr/testify/require"
)

const script = "../../deploy/stand_up.sh"

// tool is a command that pip has installed beside the interpreter.
func tool(t *testing.T, name string) string {
	p := filepath.Join(filepath.Dir(python(t)), name)
	if _, err := os.Stat(p); err != nil {
		if os.Getenv("CI") != "" {
			t.Fatalf("%s is missing: test/requirements.txt has it", p)
		}
		t.Skipf("%s is missing: test/requirements.txt has it", p)
	}
	return p
}

// standUp runs the script with settings and gives its exit code and what it printed.
func standUp(t *testing.T, stdin string, settings map[string]string, args ...string) (int, string) {
	cmd := exec.Command("bash", append([]string{script}, args...)...)
	cmd.Env = append(slices.DeleteFunc(os.Environ(), func(v string) bool { return strings.HasPrefix(v, "AWS_PROFILE=") }), "PATH="+filepath.Dir(tool(t, "aws"))+string(os.PathListSeparator)+os.Getenv("PATH"), "AWS_PAGER=")
	for k, v := range settings {
		cmd.Env = append(cmd.Env, k+"="+v)
	}
	cmd.Stdin = strings.NewReader(stdin)
	out, err := cmd.CombinedOutput()
	if cmd.ProcessState == nil {
		require.NoError(t, err)
	}
	return cmd.ProcessState.ExitCode(), string(out)
}

func TestScriptIsCleanForShellcheck(t *testing.T) {
	out, err := exec.Command(tool(t, "shellcheck"), script).CombinedOutput()
	require.NoError(t, err, string(out))
}

// The plain way makes the same stack from a file.
func TestStandUpScript(t *testing.T) {
	moto(t)
	settings := map[string]string{"OUTPUT_BUCKET": "grids", "CREATE_BUCKET": "true", "BUNDLE": bundle(t, "one"), "STACK_NAME": "plain", "FUNCTION_NAME": "shards", "MEMORY": "4096"}
	code, out := standUp(t, "n\n", settings)
	require.Equal(t, 1, code, out)
	require.Contains(t, out, "nothing was changed")
	code, out = standUp(t, "", settings, "--yes")
	require.Zero(t, code, out)
	require.Contains(t, out, "Done: zagg run --backend lambda --function-name shards --region us-west-2")
	f, err := lambda.NewFromConfig(awsConfig(t)).GetFunctionConfiguration(t.Context(), &lambda.GetFunctionConfigurationInput{FunctionName: aws.String("shards")})
	require.NoError(t, err)
	require.EqualValues(t, 4096, *f.MemorySize)
	delete(settings, "MEMORY") // another bundle does not undo the memory; moto cannot execute such a change
	settings["BUNDLE"] = bundle(t, "two")
	code, out = standUp(t, "n\n", settings)
	require.Equal(t, 1, code, out)
	require.Contains(t, out, "function  shards, arm64, the same MB, the same s")
	ok(t, "deploy", "down", "--stack", "plain", "--yes")
}

// What is no function, or one for another architecture, is refused before anything is made.
func TestStandUpLooksAtTheZip(t *testing.T) {
	moto(t)
	text := filepath.Join(t.TempDir(), "text.zip")
	require.NoError(t, os.WriteFile(text, []byte("no zip"), 0o600))
	empty := filepath.Join(t.TempDir(), "empty.zip")
	f, err := os.Create(empty)
	require.NoError(t, err)
	w := zip.NewWriter(f)
	_, err = w.Create("README")
	require.NoError(t, err)
	require.NoError(t, w.Close())
	require.NoError(t, f.Close())
	for _, c := range []struct{ zip, arch, want string }{
		{text, "arm64", "is not a zip"}, {empty, "arm64", "has no file bootstrap"}, {bundle(t, "x"), "x86_64", "is for arm64 and ARCH is x86_64"},
	} {
		code, out := standUp(t, "", map[string]string{"OUTPUT_BUCKET": "grids", "BUNDLE": c.zip, "ARCH": c.arch}, "--yes")
		require.Equal(t, 1, code, out)
		require.Contains(t, out, c.want)
	}
}

// A release is found by its version and compared with its checksum.
func TestStandUpFromReleases(t *testing.T) {
	moto(t)
	client := bucketClient(t)
	_, err := client.CreateBucket(t.Context(), &s3.CreateBucketInput{Bucket: aws.String("dist"), CreateBucketConfiguration: &types.CreateBucketConfiguration{LocationConstraint: "us-west-2"}})
	require.NoError(t, err)
	put := func(key string, data []byte) {
		_, err := client.PutObject(t.Context(), &s3.PutObjectInput{Bucket: aws.String("dist"), Key: &key, Body: bytes.NewReader(data)})
		require.NoError(t, err)
	}
	data, err := os.ReadFile(bundle(t, "release"))
	require.NoError(t, err)
	sums := fmt.Appendf(nil, "%x  lambda_function_arm64.zip\n", sha256.Sum256(data))
	put("versions.json", []byte("{\n \"minors\": [\"1.1\", \"1.2\"],\n \"latest\": \"1.2\",\n \"latest_tag\": \"1.2.3\"\n}\n"))
	put("1.2/lambda_function_arm64.zip", data)
	put("1.2/SHA256SUMS", sums)
	put("1.1/lambda_function_arm64.zip", append(data, 'x'))
	put("1.1/SHA256SUMS", sums)
	settings := func(more ...string) map[string]string {
		m := map[string]string{"OUTPUT_BUCKET": "grids", "DIST_BUCKET": "dist"}
		for i := 0; i < len(more); i += 2 {
			m[more[i]] = more[i+1]
		}
		return m
	}
	for _, c := range []struct {
		settings map[string]string
		code     int
		want     string
	}{
		{settings("LAMBDA_VERSION", "1.1"), 1, "is not what SHA256SUMS says"},
		{settings("LAMBDA_VERSION", "1.0"), 1, "versions there: 1.1 1.2"},
		{settings("ARCH", "x86_64"), 1, "s3://dist/1.2/lambda_function_x86_64.zip cannot be read"},
		{settings("REGION", "eu-west-1"), 2, "STAGING_BUCKET must name a bucket in eu-west-1"},
		{settings("STAGING_BUCKET", "nowhere"), 1, "STAGING_BUCKET nowhere is not there"},
		{settings("ARCH", "mips"), 2, "have arm64, x86_64"},
		{settings("OUTPUT_BUCKET", ""), 2, "OUTPUT_BUCKET is not set"},
		{settings("DIST_BUCKET", ""), 2, "neither BUNDLE nor DIST_BUCKET"},
	} {
		code, out := standUp(t, "", c.settings, "--yes")
		require.Equal(t, c.code, code, "%v\n%s", c.settings, out)
		require.Contains(t, out, c.want)
	}
	roles := iam.NewFromConfig(awsConfig(t))
	trust := `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"lambda.amazonaws.com"},"Action":"sts:AssumeRole"}]}`
	made, err := roles.CreateRole(t.Context(), &iam.CreateRoleInput{RoleName: aws.String("zagg-lambda-execution"), AssumeRolePolicyDocument: &trust})
	require.NoError(t, err)
	code, out := standUp(t, "", settings(), "--yes")
	require.Equal(t, 2, code, out)
	require.Contains(t, out, "there is a role zagg-lambda-execution that is not of stack zagg-backend")
	code, out = standUp(t, "", settings("EXECUTION_ROLE_ARN", *made.Role.Arn), "--yes")
	require.Zero(t, code, out)
	require.Contains(t, out, "zagg 1.2 for arm64 from s3://dist/1.2/lambda_function_arm64.zip")
	f, err := lambda.NewFromConfig(awsConfig(t)).GetFunctionConfiguration(t.Context(), &lambda.GetFunctionConfigurationInput{FunctionName: aws.String("process-shard")})
	require.NoError(t, err)
	require.Equal(t, *made.Role.Arn, *f.Role)
	// A version that only the mirror has, asked for by its tag; the zip is staged, since Lambda cannot take it from there.
	mirror := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/1.0/lambda_function_arm64.zip":
			w.Write(data) //nolint:errcheck // a test's server
		case "/1.0/SHA256SUMS":
			w.Write(sums) //nolint:errcheck // a test's server
		default:
			http.NotFound(w, r)
		}
	}))
	defer mirror.Close()
	code, out = standUp(t, "", settings("EXECUTION_ROLE_ARN", *made.Role.Arn, "LAMBDA_VERSION", "1.0.4", "MIRROR_URL", mirror.URL, "STACK_NAME", "from-mirror", "FUNCTION_NAME", "other"), "--yes")
	require.Zero(t, code, out)
	require.Contains(t, out, "zagg 1.0 for arm64 from "+mirror.URL+"/1.0/lambda_function_arm64.zip")
	code, out = standUp(t, "", settings("LAMBDA_VERSION", "0.9", "MIRROR_URL", mirror.URL), "--yes")
	require.Equal(t, 1, code)
	require.Contains(t, out, "nor from "+mirror.URL)
	code, out = standUp(t, "", nil, "--what")
	require.Equal(t, 2, code, out)
}
