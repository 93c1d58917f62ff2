//go:build suites

package deploy

import (
	"bytes"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/stretchr/testify/require"

	"github.com/englacial/zagg/host"
	"github.com/englacial/zagg/internal/emulator"
	"github.com/englacial/zagg/internal/job"
)

const planefit = "example.org/planefit"

// The loop of a plugin's author, from a saved file to the first invocation of the new code: the zip of a stack is built
// anew with the plugin of a folder, only what differs is changed, and all functions take it. Beside it the way without: a new
// bundle and an update of the stack. `-v` shows the seconds of both.
func TestEditAndTry(t *testing.T) {
	if testing.Short() {
		t.Skip("builds a function four times")
	}
	moto(t)
	plugin := filepath.Join(t.TempDir(), "planefit")
	require.NoError(t, os.CopyFS(plugin, os.DirFS("../../examples/planefit")))
	first, again := filepath.Join(t.TempDir(), "first.zip"), filepath.Join(t.TempDir(), "again.zip")
	theirs := []string{"--plugin", planefit, "--replace", planefit + "=" + plugin}
	build := append([]string{"bundle", "--builtin", "healpix,stats", "--arch", runtime.GOARCH}, theirs...)
	ok(t, append(build, "-o", first)...)
	machine := map[string]string{"amd64": "x86_64", "arm64": "arm64"}[runtime.GOARCH]
	ok(t, "deploy", "up", "--bundle", first, "--architecture", machine, "--output-bucket", "grids", "--create-output-bucket", "--variants", "--yes")
	quick := []string{"quickdeploy", "--stack", "zagg-backend", "--local", "--bundle"}

	code, _, errs := zagg(t, "", append(quick, "--dry-run")...)
	require.Equal(t, 1, code)
	require.Contains(t, errs, "planefit: the zip has these plugins of third parties: say with --plugin")
	code, _, errs = zagg(t, "", append(append(quick, theirs...), "--dry-run")...)
	require.Zero(t, code, errs)
	require.Contains(t, errs, "0 files differ")

	edit(t, plugin, "1.0.0", "1.0.1")
	saved := time.Now()
	code, out, errs := zagg(t, "", append(quick, theirs...)...)
	require.Zero(t, code, errs)
	require.Contains(t, errs, "0 added, 2 modified, 0 deleted")
	require.Contains(t, out, "4 of 4 functions have the new code")
	version, invocation := invokedVersion(t)
	require.Equal(t, "1.0.1", version)
	t.Logf("from a saved plugin to the answer of the new code: %.1f s, %.1f s of it the first invocation", time.Since(saved).Seconds(), invocation.Seconds())

	edit(t, plugin, "1.0.1", "1.0.2")
	saved = time.Now()
	ok(t, append(build, "-o", again)...)
	built := time.Since(saved)
	ok(t, "deploy", "update", "--bundle", again, "--yes")
	version, _ = invokedVersion(t)
	require.Equal(t, "1.0.2", version)
	t.Logf("the same by a new bundle and an update of the stack: %.1f s, %.1f s of it the build", time.Since(saved).Seconds(), built.Seconds())
}

// edit saves another version of the plugin.
func edit(t *testing.T, plugin, old, version string) {
	name := filepath.Join(plugin, "planefit.go")
	text, err := os.ReadFile(name)
	require.NoError(t, err)
	require.Contains(t, string(text), old)
	require.NoError(t, os.WriteFile(name, bytes.Replace(text, []byte(old), []byte(version), 1), 0o644))
}

// invokedVersion runs the zip that the stack's functions have and asks it which version of the plugin is in it. The emulator runs
// what moto keeps.
func invokedVersion(t *testing.T) (version string, took time.Duration) {
	began := time.Now()
	var state struct{ Parameters map[string]string }
	require.NoError(t, json.Unmarshal([]byte(ok(t, "deploy", "status", "--json")), &state))
	object, err := bucketClient(t).GetObject(t.Context(), &s3.GetObjectInput{Bucket: aws.String(state.Parameters["ArtifactBucket"]), Key: aws.String(state.Parameters["FunctionS3Key"])})
	require.NoError(t, err)
	data, err := io.ReadAll(object.Body)
	require.NoError(t, err)
	file := filepath.Join(t.TempDir(), "function.zip")
	require.NoError(t, os.WriteFile(file, data, 0o644))
	l, err := emulator.New(emulator.Options{Region: "us-west-2"})
	require.NoError(t, err)
	defer l.Close() //nolint:errcheck // what counts was answered
	require.NoError(t, l.Deploy(emulator.Function{Name: "f", Bootstrap: file, Memory: 2048, Timeout: time.Minute}))
	c := lambda.New(lambda.Options{BaseEndpoint: aws.String(l.URL()), Region: l.Region(), Credentials: credentials.NewStaticCredentialsProvider("AKID", "secret", "")})
	answer, err := c.Invoke(t.Context(), &lambda.InvokeInput{FunctionName: aws.String("f"), Payload: []byte(`{"mode":"ping"}`)})
	require.NoError(t, err)
	var response job.Response
	require.NoError(t, json.Unmarshal(answer.Payload, &response))
	require.Equal(t, 200, response.StatusCode, response.Body)
	var body struct{ Manifest host.Manifest }
	require.NoError(t, json.Unmarshal([]byte(response.Body), &body))
	for _, p := range body.Manifest.Plugins {
		if p.Name == "planefit" {
			return p.Version, time.Since(began)
		}
	}
	require.Fail(t, "the function does not have the plugin", response.Body)
	return "", 0
}
