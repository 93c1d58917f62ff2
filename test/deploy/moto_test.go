//go:build suites

package deploy

import (
	"archive/zip"
	"bufio"
	"bytes"
	"context"
	"debug/elf"
	"encoding/binary"
	"encoding/json"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsconfig "github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/stretchr/testify/require"

	"github.com/englacial/zagg/cmd/zagg/cli"
	"github.com/englacial/zagg/plugins/all"
)

func python(t *testing.T) string {
	p := os.Getenv("ZAGG_PYTHON")
	if p == "" {
		t.Skip("ZAGG_PYTHON is not set: an interpreter with the packages of test/requirements.txt is needed")
	}
	return p
}

// moto starts an account of its own and points the SDK's environment at it.
func moto(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cmd := exec.CommandContext(ctx, python(t), "-m", "moto.server", "-H", "127.0.0.1", "-p", "0")
	stderr, err := cmd.StderrPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	t.Cleanup(func() {
		cancel()
		cmd.Wait() //nolint:errcheck // killed
	})
	lines := bufio.NewScanner(stderr)
	address := ""
	for address == "" && lines.Scan() {
		address = regexp.MustCompile(`http://127\.0\.0\.1:\d+`).FindString(lines.Text())
	}
	require.NotEmpty(t, address, "moto did not start")
	go func() {
		for lines.Scan() { //nolint:revive // keeps the pipe empty
		}
	}()
	for k, v := range map[string]string{
		"AWS_ENDPOINT_URL": address, "AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "AWS_REGION": "us-west-2",
		"AWS_EC2_METADATA_DISABLED": "true", "AWS_CONFIG_FILE": os.DevNull, "AWS_SHARED_CREDENTIALS_FILE": os.DevNull, "AWS_PROFILE": "",
	} {
		t.Setenv(k, v)
	}
}

func zagg(t *testing.T, stdin string, args ...string) (code int, stdout, stderr string) {
	var out, errs bytes.Buffer
	code = cli.Run(t.Context(), args, strings.NewReader(stdin), &out, &errs, all.Plugins()...)
	return code, out.String(), errs.String()
}

func ok(t *testing.T, args ...string) string {
	code, out, errs := zagg(t, "", args...)
	require.Zero(t, code, "%v\n%s%s", args, out, errs)
	return out
}

// bundle is a zip that looks like one of `zagg bundle`, for arm64 unless another machine is given.
func bundle(t *testing.T, content string) string {
	return bundleFor(t, elf.EM_AARCH64, "arm64", content)
}

// bundleOf is one that looks like another function's.
func bundleOf(t *testing.T, function string) string {
	return bundleLike(t, elf.EM_AARCH64, `{"arch":"arm64","function":"`+function+`","zagg_version":"9.9","plugins":[]}`, "x")
}

func bundleFor(t *testing.T, machine elf.Machine, arch, content string) string {
	return bundleLike(t, machine, `{"arch":"`+arch+`","function":"worker","zagg_version":"9.9","plugins":[{"name":"stats"}]}`, content)
}

func bundleLike(t *testing.T, machine elf.Machine, manifest, content string) string {
	header := elf.Header64{Type: uint16(elf.ET_EXEC), Machine: uint16(machine), Version: uint32(elf.EV_CURRENT), Ehsize: 64}
	copy(header.Ident[:], elf.ELFMAG)
	header.Ident[elf.EI_CLASS], header.Ident[elf.EI_DATA], header.Ident[elf.EI_VERSION] = byte(elf.ELFCLASS64), byte(elf.ELFDATA2LSB), byte(elf.EV_CURRENT)
	var program, out bytes.Buffer
	require.NoError(t, binary.Write(&program, binary.LittleEndian, header))
	program.WriteString(content)
	z := zip.NewWriter(&out)
	for name, text := range map[string]string{"bootstrap": program.String(), "manifest.json": manifest} {
		h := &zip.FileHeader{Name: name, Method: zip.Deflate}
		h.SetMode(0o755)
		w, err := z.CreateHeader(h)
		require.NoError(t, err)
		_, err = io.WriteString(w, text)
		require.NoError(t, err)
	}
	require.NoError(t, z.Close())
	name := filepath.Join(t.TempDir(), "bundle.zip")
	require.NoError(t, os.WriteFile(name, out.Bytes(), 0o644))
	return name
}

func awsConfig(t *testing.T) aws.Config {
	cfg, err := awsconfig.LoadDefaultConfig(t.Context(), awsconfig.WithRegion("us-west-2"))
	require.NoError(t, err)
	return cfg
}

func TestTemplatesAreCleanForCfnLint(t *testing.T) {
	templates, err := filepath.Glob("../../deploy/*.yaml")
	require.NoError(t, err)
	out, err := exec.Command(filepath.Join(filepath.Dir(python(t)), "cfn-lint"), templates...).CombinedOutput()
	require.NoError(t, err, string(out))
}

// A stack's life: up, nothing to change, another bundle and memory, variants, down; data and bundles stay.
func TestStandUpUpdateAndTearDown(t *testing.T) {
	moto(t)
	first, second := bundle(t, "one"), bundle(t, "two")
	code, _, errs := zagg(t, "n\n", "deploy", "up", "--bundle", first, "--output-bucket", "grids", "--create-output-bucket")
	require.Equal(t, 1, code)
	require.Contains(t, errs, "Nothing was changed.")
	code, _, errs = zagg(t, "", "deploy", "status")
	require.Equal(t, 1, code)
	require.Contains(t, errs, "there is no such stack")

	out := ok(t, "deploy", "up", "--bundle", first, "--output-bucket", "grids", "--create-output-bucket", "--yes")
	require.Contains(t, out, "CREATE_COMPLETE")
	functions := lambda.NewFromConfig(awsConfig(t))
	f, err := functions.GetFunctionConfiguration(t.Context(), &lambda.GetFunctionConfigurationInput{FunctionName: aws.String("process-shard")})
	require.NoError(t, err)
	require.Equal(t, "provided.al2023", string(f.Runtime))
	require.EqualValues(t, 2048, *f.MemorySize)
	require.EqualValues(t, 720, *f.Timeout)
	role, err := iam.NewFromConfig(awsConfig(t)).GetRole(t.Context(), &iam.GetRoleInput{RoleName: aws.String("zagg-lambda-execution")})
	require.NoError(t, err)
	require.Equal(t, *role.Role.Arn, *f.Role)

	ok(t, "deploy", "update", "--bundle", second, "--memory", "4096", "--variants", "--yes")
	g, err := functions.GetFunctionConfiguration(t.Context(), &lambda.GetFunctionConfigurationInput{FunctionName: aws.String("process-shard")})
	require.NoError(t, err)
	require.EqualValues(t, 4096, *g.MemorySize)
	require.NotEqual(t, *f.CodeSha256, *g.CodeSha256)
	require.EqualValues(t, 720, *g.Timeout, "what is not given stays")
	_, err = functions.GetFunctionConfiguration(t.Context(), &lambda.GetFunctionConfigurationInput{FunctionName: aws.String("process-shard-8192")})
	require.NoError(t, err)

	var state struct {
		Parameters map[string]string
	}
	require.NoError(t, json.Unmarshal([]byte(ok(t, "deploy", "status", "--json")), &state))
	require.Equal(t, "grids", state.Parameters["OutputBucketName"])

	_, err = bucketClient(t).PutObject(t.Context(), &s3.PutObjectInput{Bucket: aws.String("grids"), Key: aws.String("h.zarr/zarr.json"), Body: strings.NewReader("{}")})
	require.NoError(t, err)
	require.Contains(t, ok(t, "deploy", "down", "--yes"), "Kept: s3://grids")
	_, err = functions.GetFunctionConfiguration(t.Context(), &lambda.GetFunctionConfigurationInput{FunctionName: aws.String("process-shard")})
	require.Error(t, err)
	_, err = bucketClient(t).HeadObject(t.Context(), &s3.HeadObjectInput{Bucket: aws.String("grids"), Key: aws.String("h.zarr/zarr.json")})
	require.NoError(t, err)
}

// What is there and is not the stack's is named before anything is made, with the way out; the walkthrough can be repeated.
func TestStandUpBesideOthers(t *testing.T) {
	moto(t)
	up := []string{"deploy", "up", "--bundle", bundle(t, "x"), "--output-bucket", "grids", "--create-output-bucket", "--yes"}
	ok(t, up...)
	code, _, errs := zagg(t, "", append(up, "--stack", "second")...)
	require.Equal(t, 1, code)
	require.Contains(t, errs, "function process-shard exists and does not belong to this stack: give another --function-name")
	require.Contains(t, errs, "role zagg-lambda-execution exists and does not belong to this stack: give another --role-name, or use it with --role-arn arn:aws:iam::")
	code, _, errs = zagg(t, "", "deploy", "status", "--stack", "second")
	require.Equal(t, 1, code)
	require.Contains(t, errs, "there is no such stack")
	ok(t, append(up, "--stack", "second", "--function-name", "other", "--role-name", "other")...)
	ok(t, "deploy", "down", "--stack", "second", "--yes")

	ok(t, "deploy", "down", "--yes")
	_, _, errs = zagg(t, "", up...) // the bucket stayed
	require.Contains(t, errs, "bucket grids is there already and is taken as it is")
	ok(t, "deploy", "down", "--yes")
	_, _, errs = zagg(t, "n\n", "deploy", "up", "--bundle", bundle(t, "x"), "--output-bucket", "nowhere-at-all")
	require.Contains(t, errs, "there is no bucket nowhere-at-all yet: --create-output-bucket makes it")
	code, _, errs = zagg(t, "n\n", "deploy", "up", "--bundle", bundle(t, "x"), "--output-bucket", "grids", "--reserved-concurrency", "0")
	require.Equal(t, 1, code)
	require.Contains(t, errs, "keeps the function from running at all")
}

func bucketClient(t *testing.T) *s3.Client {
	return s3.NewFromConfig(awsConfig(t), func(o *s3.Options) { o.UsePathStyle = true })
}

// An account that may not create roles gives one.
func TestAGivenRole(t *testing.T) {
	moto(t)
	roles := iam.NewFromConfig(awsConfig(t))
	made, err := roles.CreateRole(t.Context(), &iam.CreateRoleInput{RoleName: aws.String("mine"), AssumeRolePolicyDocument: aws.String(
		`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"lambda.amazonaws.com"},"Action":"sts:AssumeRole"}]}`)})
	require.NoError(t, err)
	ok(t, "deploy", "up", "--bundle", bundle(t, "x"), "--output-bucket", "grids", "--role-arn", *made.Role.Arn, "--stack", "second", "--function-name", "other", "--yes")
	f, err := lambda.NewFromConfig(awsConfig(t)).GetFunctionConfiguration(t.Context(), &lambda.GetFunctionConfigurationInput{FunctionName: aws.String("other")})
	require.NoError(t, err)
	require.Equal(t, *made.Role.Arn, *f.Role)
	_, err = roles.GetRole(t.Context(), &iam.GetRoleInput{RoleName: aws.String("zagg-lambda-execution")})
	require.Error(t, err)
}

// Bundles are kept where the function is.
func TestArtifactsInAnotherRegionAreRefused(t *testing.T) {
	moto(t)
	elsewhere, err := awsconfig.LoadDefaultConfig(t.Context(), awsconfig.WithRegion("eu-west-1"))
	require.NoError(t, err)
	client := s3.NewFromConfig(elsewhere, func(o *s3.Options) { o.UsePathStyle = true })
	_, err = client.CreateBucket(t.Context(), &s3.CreateBucketInput{Bucket: aws.String("far-away"), CreateBucketConfiguration: &types.CreateBucketConfiguration{LocationConstraint: "eu-west-1"}})
	require.NoError(t, err)
	code, _, errs := zagg(t, "", "deploy", "up", "--bundle", bundle(t, "x"), "--output-bucket", "grids", "--artifact-bucket", "far-away", "--yes")
	require.Equal(t, 1, code)
	require.Contains(t, errs, "the bucket is in eu-west-1")
	code, _, errs = zagg(t, "", "deploy", "up", "--bundle", bundle(t, "x"), "--output-bucket", "grids", "--artifact-bucket", "nowhere-at-all", "--yes")
	require.Equal(t, 1, code)
	require.Contains(t, errs, "there is no such bucket")
}

func TestDeployRefuses(t *testing.T) {
	for want, args := range map[string][]string{
		"--output-bucket is missing": {"up", "--bundle", "x.zip"},
		"--architecture is":          {"up", "--bundle", "x.zip", "--output-bucket", "b", "--architecture", "mips"},
		"needs a slash":              {"update", "--output-prefix", "x"},
	} {
		code, _, errs := zagg(t, "", append([]string{"deploy"}, args...)...)
		require.Equal(t, 2, code)
		require.Contains(t, errs, want)
	}
}

// What is to be uploaded is looked at first.
func TestBundlesThatDoNotFit(t *testing.T) {
	moto(t)
	amd := bundleFor(t, elf.EM_X86_64, "amd64", "x")
	up := []string{"deploy", "up", "--output-bucket", "grids", "--create-output-bucket", "--yes", "--bundle"}
	code, _, errs := zagg(t, "", append(up, amd)...)
	require.Equal(t, 1, code)
	require.Contains(t, errs, "it is for x86_64 and the function for arm64: give --architecture x86_64, or `zagg bundle --arch arm64`")
	code, _, errs = zagg(t, "", append(up, "../../README.md")...)
	require.Equal(t, 1, code)
	require.Contains(t, errs, "not a zip")
	code, _, errs = zagg(t, "", append(up, "none.zip")...)
	require.Equal(t, 1, code)
	require.Contains(t, errs, "none.zip")
	ok(t, append(up, amd, "--architecture", "x86_64")...)
	ok(t, "deploy", "update", "--yes", "--bundle", bundleFor(t, elf.EM_X86_64, "amd64", "y")) // what the stack has counts
	code, _, errs = zagg(t, "", "deploy", "update", "--yes", "--bundle", bundle(t, "y"))
	require.Equal(t, 1, code)
	require.Contains(t, errs, "it is for arm64 and the function for x86_64")
}

// One command stands everything up: without a bundle the function is built.
func TestOneCommand(t *testing.T) {
	moto(t)
	if _, err := exec.LookPath("cc"); err != nil {
		t.Skip("no C compiler, which the grid h3 needs")
	}
	architecture := map[string]string{"amd64": "x86_64", "arm64": "arm64"}[runtime.GOARCH]
	code, out, errs := zagg(t, "", "deploy", "up", "--output-bucket", "grids", "--architecture", architecture, "--yes")
	require.Zero(t, code, errs)
	require.Contains(t, out, "CREATE_COMPLETE")
	require.Contains(t, errs, "Building the function for "+architecture)
	require.Contains(t, errs, "with atl03, atl06, h3, hdf5, healpix, rectilinear, stats, tdigest staged as s3://zagg-artifacts-123456789012-us-west-2/zagg/")
}
