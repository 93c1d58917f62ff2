//go:build suites

package hdf

import (
	"archive/zip"
	"io"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/core/objstore"
	"github.com/englacial/zagg/core/objstore/s3store"
	"github.com/englacial/zagg/internal/awstest"
	"github.com/englacial/zagg/internal/emulator"
	"github.com/englacial/zagg/internal/hdfrest"
	"github.com/englacial/zagg/internal/hdfrest/h5files"
	"github.com/englacial/zagg/internal/sharedtest"
)

// python runs a script with one version of h5pyd and gives what it printed.
func python(t *testing.T, version string, env []string, args ...string) string {
	t.Helper()
	exe := os.Getenv("ZAGG_PYTHON")
	if exe == "" {
		t.Skip("ZAGG_PYTHON is not set: a Python with test/requirements.txt")
	}
	cmd := exec.Command(exe, args...)
	cmd.Env = append(os.Environ(), "PYTHONDONTWRITEBYTECODE=1")
	if version != "1.0.0" { // that one is in the environment itself
		old := filepath.Join(filepath.Dir(filepath.Dir(exe)), "h5pyd-"+version)
		if _, err := os.Stat(old); err != nil {
			t.Skipf("%s: pip install --no-deps --target %s h5pyd==%s", err, old, version)
		}
		cmd.Env = append(cmd.Env, "PYTHONPATH="+old)
	}
	cmd.Env = append(cmd.Env, env...)
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, "%s", out)
	return string(out)
}

func serve(t *testing.T, root string) string {
	folder, err := h5files.OpenFolder(root)
	require.NoError(t, err)
	t.Cleanup(func() { folder.Close() })
	s := httptest.NewServer(hdfrest.New(hdfrest.Config{Store: h5files.New(h5files.Options{Bucket: h5files.One("local", folder, "")}), Bucket: "local"}))
	t.Cleanup(s.Close)
	return s.URL
}

// files are DOMAIN=FILE of all HDF5 files below a folder.
func files(t *testing.T, root, below string) []string {
	var out []string
	require.NoError(t, filepath.WalkDir(filepath.Join(root, below), func(path string, _ os.DirEntry, err error) error {
		if strings.HasSuffix(path, ".h5") {
			rel, _ := filepath.Rel(root, path)
			out = append(out, "/"+filepath.ToSlash(rel)+"="+path)
		}
		return err
	}))
	return out
}

func TestWalkWithH5pyd(t *testing.T) {
	root := sharedtest.Dir(t, "data")
	for _, version := range []string{"0.24.0", "1.0.0"} {
		t.Run(version, func(t *testing.T) {
			t.Parallel()
			args := []string{"walk.py", "/types.h5=" + filepath.Join(root, "types.h5"), "/atl03/ATL03_gt1l.h5=" + filepath.Join(root, "atl03", "ATL03_gt1l.h5")}
			if os.Getenv("ZAGG_HDF_ALL") != "" { // all granules: minutes
				args = append([]string{"walk.py"}, files(t, root, "")...)
			}
			t.Log(python(t, version, []string{"HS_ENDPOINT=" + serve(t, root), "SLABS=1"}, args...))
		})
	}
}

// The matrix of types, layouts, filters and attributes that core/h5 is tested with, and what is peculiar to a service: names,
// ranks, references. ZAGG_HDF_ALL adds the long listings and every range of library versions.
func TestWalkMatrix(t *testing.T) {
	root := t.TempDir()
	python(t, "1.0.0", nil, "matrix.py", filepath.Join(root, "m"))
	if os.Getenv("ZAGG_HDF_ALL") != "" {
		python(t, "1.0.0", nil, "../h5/generate.py", filepath.Join(root, "m", "all"))
	}
	for _, version := range []string{"0.24.0", "1.0.0"} {
		t.Run(version, func(t *testing.T) {
			t.Parallel()
			at := "HS_ENDPOINT=" + serve(t, root)
			t.Log(python(t, version, []string{at, "SLABS=1"}, append([]string{"walk.py"}, files(t, root, "m")...)...))
			t.Log(python(t, version, []string{at}, "highlevel.py", "/m/service.h5", filepath.Join(root, "m", "service.h5")))
		})
	}
}

// h5pyd invokes the function, as it would be deployed, through the emulator; ZAGG_HDF_ALL walks all granules this way too.
func TestLambda(t *testing.T) {
	data := sharedtest.Dir(t, "data")
	pairs := []string{"/types.h5=" + filepath.Join(data, "types.h5")}
	if os.Getenv("ZAGG_HDF_ALL") != "" {
		root := t.TempDir()
		python(t, "1.0.0", nil, "matrix.py", filepath.Join(root, "m"))
		pairs = append(files(t, data, ""), files(t, root, "m")...)
	}
	s3, err := awstest.StartS3(t.Context(), awstest.S3Options{Exe: os.Getenv("ZAGG_VERSITYGW"), Buckets: []string{"granules"}})
	require.NoError(t, err)
	t.Cleanup(func() { s3.Close() })
	access, secret := s3.Owner()
	store, err := s3store.New(t.Context(), s3store.Options{Endpoint: s3.Direct(), Region: "us-east-1", Credentials: &s3store.Credentials{AccessKeyID: access, SecretAccessKey: secret}})
	require.NoError(t, err)
	for _, p := range pairs {
		domain, file, _ := strings.Cut(p, "=")
		text, err := os.ReadFile(file)
		require.NoError(t, err)
		require.NoError(t, objstore.PutBytes(t.Context(), store, "s3://granules"+domain, text, core.PutOptions{}))
	}
	l, err := emulator.New(emulator.Options{})
	require.NoError(t, err)
	t.Cleanup(func() { l.Close() })
	env := s3.Environ()
	env["AWS_S3_GATEWAY"], env["BUCKET_NAME"] = s3.URL(), "granules"
	require.NoError(t, l.Deploy(emulator.Function{Name: "hdf", Bootstrap: build(t), Memory: 1024, Timeout: 30 * time.Second, Env: env}))
	settings := []string{"HS_ENDPOINT=http+lambda://hdf", "HS_USERNAME=hdf", "HS_PASSWORD=lambda", "NO_POINTS=1", "SLABS=2"}
	for k, v := range l.Environ() {
		settings = append(settings, k+"="+v)
	}
	settings = append(settings, "AWS_ENDPOINT_URL_LAMBDA="+l.URL(), "AWS_DEFAULT_REGION="+l.Region())
	t.Log(python(t, "0.24.0", settings, append([]string{"walk.py"}, pairs...)...))
}

// build makes the zip that would be deployed, for this machine.
func build(t *testing.T) string {
	path := filepath.Join(t.TempDir(), "function.zip")
	file, err := os.Create(path)
	require.NoError(t, err)
	z := zip.NewWriter(file)
	h := &zip.FileHeader{Name: "bootstrap", Method: zip.Deflate}
	h.SetMode(0o755)
	w, err := z.CreateHeader(h)
	require.NoError(t, err)
	exe, err := os.Open(sharedtest.Function(t, "zagg-hdf"))
	require.NoError(t, err)
	_, err = io.Copy(w, exe)
	require.NoError(t, err)
	require.NoError(t, z.Close())
	require.NoError(t, file.Close())
	return path
}

// xarray opens a group of a granule with h5pyd behind h5netcdf.
func TestXarray(t *testing.T) {
	granule := sharedtest.Dir(t, "data", "atl06", "ATL06_20181014001049_02350102_003_01.h5")
	out := python(t, "1.0.0", []string{"HS_ENDPOINT=" + serve(t, filepath.Dir(granule))}, "open_xarray.py", granule)
	require.Contains(t, out, "equal")
}
