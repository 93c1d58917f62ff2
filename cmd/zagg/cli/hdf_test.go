package cli

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/core/objstore"
	"github.com/englacial/zagg/internal/awstest"
	"github.com/englacial/zagg/internal/drivers"
	"github.com/englacial/zagg/internal/emulator"
	"github.com/englacial/zagg/internal/sharedtest"
	"github.com/englacial/zagg/lambda/hdf"
	"github.com/englacial/zagg/plugins/all"
)

// serveHDF runs `zagg hdf serve` on a free port until the test ends, or stop is called, which gives its exit code.
func serveHDF(t *testing.T, args ...string) (endpoint string, stop func() int) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	r, w := io.Pipe()
	code := make(chan int, 1)
	go func() {
		code <- Run(ctx, append([]string{"hdf", "serve", "--address", "127.0.0.1:0"}, args...), strings.NewReader(""), io.Discard, w, all.Plugins()...)
		w.Close()
	}()
	var line []byte
	one := make([]byte, 1)
	for !bytes.HasSuffix(line, []byte("\n")) {
		n, err := r.Read(one)
		line = append(line, one[:n]...)
		require.NoError(t, err, "%s", line)
	}
	go io.Copy(io.Discard, r) //nolint:errcheck // keeps the pipe empty
	_, address, ok := strings.Cut(strings.TrimSpace(string(line)), " on ")
	require.True(t, ok, "%s", line)
	stop = stopper(t, cancel, code)
	return address, stop
}

// stopper ends a command by its context, once, and gives its exit code; at the test's end if not before.
func stopper(t *testing.T, cancel context.CancelFunc, code <-chan int) func() int {
	stopped := -1
	stop := func() int {
		if cancel(); stopped < 0 {
			stopped = <-code
		}
		return stopped
	}
	t.Cleanup(func() { stop() })
	return stop
}

// hdfWays are the ways to a domain: the file, a server, a function.
func hdfWays(t *testing.T, name string) map[string][]string {
	file := sharedtest.Dir(t, "data", name)
	root := filepath.Dir(file)
	endpoint, _ := serveHDF(t, "--root", root)
	l, err := emulator.New(emulator.Options{})
	require.NoError(t, err)
	t.Cleanup(func() { l.Close() })
	s3, err := awstest.StartS3(t.Context(), awstest.S3Options{Buckets: []string{"granules"}})
	require.NoError(t, err)
	t.Cleanup(func() { s3.Close() })
	for _, env := range []map[string]string{l.Environ(), s3.Environ()} {
		for k, v := range env {
			t.Setenv(k, v)
		}
	}
	data, err := os.ReadFile(file)
	require.NoError(t, err)
	store, err := drivers.Open(t.Context(), drivers.Environment(), "s3://granules/")
	require.NoError(t, err)
	require.NoError(t, objstore.PutBytes(t.Context(), store, "s3://granules/"+name, data, core.PutOptions{}))
	fn, err := hdf.New(func(k string) string {
		return map[string]string{"AWS_S3_GATEWAY": s3.URL(), "BUCKET_NAME": "granules", "AWS_LAMBDA_FUNCTION_NAME": "hdf"}[k]
	}, io.Discard)
	require.NoError(t, err)
	require.NoError(t, l.Deploy(emulator.Function{Name: "hdf", Handler: fn.Invoke, Timeout: 30 * time.Second}))
	return map[string][]string{
		"file": {file}, "bucket": {"s3://granules/" + name}, "server": {"/" + name, "--endpoint", endpoint}, "function": {"/" + name, "--endpoint", "http+lambda://hdf", "--user", "hdf"},
	}
}

// ids are those of objects, which depend on the bucket.
var ids = regexp.MustCompile(`[gdt]-[0-9a-f]{8}(-[0-9a-f]+){4}`)

// What is printed does not depend on the way.
func TestHDFGetAndListEveryWay(t *testing.T) {
	t.Setenv("HS_PASSWORD", "lambda")
	ways := hdfWays(t, "types.h5")
	hdfRun := func(way, command string, args ...string) string {
		w := ways[way]
		return ids.ReplaceAllString(ok(t, append(append([]string{"hdf", command, w[0]}, args...), w[1:]...)...), "ID")
	}
	for _, c := range []struct {
		command string
		args    []string
		want    string // in what is printed
	}{
		{"get", []string{"/num/le_i4", "--select", "0:2,0:3"}, "[-30,-27,-24]\n"},
		{"get", []string{"/num/le_i4", "--select", "[[1],[2]]"}, "\n"},
		{"get", []string{"/num"}, `"le_i4"`},
		{"ls", []string{"-r"}, "/num/le_i4\t"},
		{"ls", []string{"--attributes"}, "@"},
	} {
		want := hdfRun("file", c.command, c.args...)
		compact := strings.ReplaceAll(want, " ", "")
		require.True(t, strings.Contains(compact, c.want) || strings.Contains(strings.Join(strings.Fields(want), "\t"), c.want), "%v: %s", c.args, want)
		for _, way := range []string{"bucket", "server", "function"} {
			if c.command == "get" && len(c.args) == 1 { // ids and times are the service's
				require.Contains(t, hdfRun(way, c.command, c.args...), c.want)
				continue
			}
			require.Equal(t, want, hdfRun(way, c.command, c.args...), "%s %v by %s", c.command, c.args, way)
		}
	}
	for way := range ways {
		out := filepath.Join(t.TempDir(), "x.bin")
		hdfRun(way, "get", "/num/le_i4", "--select", "0:1,0:3", "--binary", "-o", out)
		data, err := os.ReadFile(out)
		require.NoError(t, err)
		var v [3]int32
		require.NoError(t, binary.Read(bytes.NewReader(data), binary.LittleEndian, &v))
		require.Equal(t, [3]int32{-30, -27, -24}, v)
		w := ways[way]
		for want, args := range map[string][]string{
			"404":               {"get", w[0], "/no/such"},
			"400":               {"get", w[0], "/num/le_i4", "--select", "0:99999999,0:1"},
			"is not a dataset":  {"get", w[0], "/num", "--select", "0:1"},
			"accepts 2 arg(s)":  {"get", w[0]},
			"unknown flag":      {"get", w[0], "/num/le_i4", "--selekt", "0"},
			"Invalid selection": {"get", w[0], "/num/le_i4", "--select", "x"},
		} {
			if way == "function" && want == "Invalid selection" {
				want = "400" // a function says of an error the status alone, and the rest in a header
			}
			code, out, errs := execute(t, "", append(append([]string{"hdf"}, args...), w[1:]...)...)
			require.NotZero(t, code, "%v", args)
			require.Empty(t, out)
			require.Contains(t, errs, want, "%s %v", way, args)
		}
	}
}

// A folder is listed, and a wrong place says what to do.
func TestHDFListFolders(t *testing.T) {
	root := filepath.Dir(sharedtest.Dir(t, "data", "types.h5"))
	endpoint, _ := serveHDF(t, "--root", root)
	for _, out := range []string{ok(t, "hdf", "ls", root), ok(t, "hdf", "ls", "/", "--endpoint", endpoint)} {
		require.Contains(t, out, "/types.h5")
		require.Contains(t, out, "/atl06/")
	}
	for want, args := range map[string][]string{
		"no such file":               {"hdf", "ls", filepath.Join(root, "none.h5")},
		"404":                        {"hdf", "ls", "/none.h5", "--endpoint", endpoint},
		"neither http://, https://":  {"hdf", "ls", "/x.h5", "--endpoint", "ftp://x"},
		"connection refused":         {"hdf", "ls", "/x.h5", "--endpoint", "http://127.0.0.1:1"},
		"is not an HDF5 file":        {"hdf", "ls", filepath.Join(root, "cmr", "atl06.json")},
		"required flag(s) \"root\"":  {"hdf", "serve"},
		"not from gs://":             {"hdf", "serve", "--root", "gs://x"},
		"--password-file or the env": {"hdf", "serve", "--root", root, "--user", "me"},
		"its first line is empty":    {"hdf", "serve", "--root", root, "--user", "me", "--password-file", os.DevNull},
	} {
		code, _, errs := execute(t, "", args...)
		require.NotZero(t, code)
		require.Contains(t, errs, want, "%v", args)
	}
}

// With a user everything else needs the password, but what is public.
func TestHDFServeCredentials(t *testing.T) {
	root := filepath.Dir(sharedtest.Dir(t, "data", "types.h5"))
	t.Setenv("ZAGG_HDF_PASSWORD", "sesame open")
	endpoint, stop := serveHDF(t, "--root", root, "--user", "me", "--public", "/atl03")
	ask := func(domain, user, password string) int {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, endpoint+"/?domain="+domain, nil)
		require.NoError(t, err)
		if user != "" {
			req.SetBasicAuth(user, password)
		}
		resp, err := http.DefaultClient.Do(req)
		require.NoError(t, err)
		defer resp.Body.Close()
		var o map[string]any
		if resp.StatusCode == http.StatusOK {
			require.NoError(t, json.NewDecoder(resp.Body).Decode(&o))
		}
		return resp.StatusCode
	}
	require.Equal(t, 403, ask("/types.h5", "", ""))
	require.Equal(t, 200, ask("/types.h5", "me", "sesame open"))
	require.Equal(t, 401, ask("/types.h5", "me", "sesame"))
	require.Equal(t, 401, ask("/atl03/ATL03_index_begin.h5", "you", "sesame open"))
	require.Equal(t, 200, ask("/atl03/ATL03_index_begin.h5", "", ""))
	require.Equal(t, 403, ask("/atl06/ATL06_20181014001049_02350102_003_01.h5", "", ""))
	http.DefaultClient.CloseIdleConnections()
	require.Zero(t, stop(), "an interrupt is no failure")
}
