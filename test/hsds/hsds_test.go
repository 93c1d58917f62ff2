//go:build suites

package hsds

import (
	"context"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/core/objstore"
	"github.com/englacial/zagg/core/objstore/s3store"
	"github.com/englacial/zagg/internal/awstest"
	"github.com/englacial/zagg/internal/hdfrest"
	"github.com/englacial/zagg/internal/hdfrest/hsds"
)

const (
	bucket = "kept"
	user   = "test_user1" // HSDS knows no short names
	secret = "secret"
)

// edit runs edit.py with one version of h5pyd.
func edit(t *testing.T, version, endpoint, domain, what string) {
	t.Helper()
	script(t, version, endpoint, "edit.py", domain, what)
}

// matrix runs matrix.py with one version of h5pyd: all with ZAGG_SWEEPS, else some.
func matrix(t *testing.T, version, endpoint, domain, what string) {
	t.Helper()
	every := "60"
	if os.Getenv("ZAGG_SWEEPS") != "" {
		every = "3"
	}
	script(t, version, endpoint, "matrix.py", domain, what, every)
}

func script(t *testing.T, version, endpoint string, args ...string) {
	t.Helper()
	exe := os.Getenv("ZAGG_PYTHON")
	if exe == "" {
		t.Skip("ZAGG_PYTHON is not set: a Python with test/requirements.txt")
	}
	cmd := exec.Command(exe, args...)
	cmd.Env = append(os.Environ(), "PYTHONDONTWRITEBYTECODE=1", "HS_ENDPOINT="+endpoint, "HS_USERNAME="+user, "HS_PASSWORD="+secret, "HS_BUCKET="+bucket)
	if version != "1.0.0" { // that one is in the environment itself
		old := filepath.Join(filepath.Dir(filepath.Dir(exe)), "h5pyd-"+version)
		if _, err := os.Stat(old); err != nil {
			t.Skipf("%s: pip install --no-deps --target %s h5pyd==%s", err, old, version)
		}
		cmd.Env = append(cmd.Env, "PYTHONPATH="+old)
	}
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, "%q with h5pyd %s: %s", args, version, out)
}

var versions = []string{"0.24.0", "1.0.0"}

func all(user string) []hdfrest.ACL { return []hdfrest.ACL{{User: user, Rights: hdfrest.AllRights()}} }

// folders makes the folder in which the user may make domains.
func folders(t *testing.T, s *hsds.Store) {
	for _, p := range []string{"/home", "/home/" + user} {
		_, err := s.Make(t.Context(), hdfrest.Name{Bucket: bucket, Path: p}, hdfrest.NewDomain{Folder: true, Owner: user, ACLs: all(user)})
		require.NoError(t, err)
	}
}

func serve(t *testing.T, s *hsds.Store) string {
	server := httptest.NewServer(hdfrest.New(hdfrest.Config{Store: s, Bucket: bucket, User: user, Password: secret}))
	t.Cleanup(server.Close)
	return server.URL
}

func folderStore(t *testing.T, root string) *hsds.Store {
	require.NoError(t, os.MkdirAll(filepath.Join(root, bucket), 0o755))
	folder, err := hsds.OpenFolder(filepath.Join(root, bucket))
	require.NoError(t, err)
	return hsds.New(hsds.Options{Bucket: hsds.One(bucket, folder, ""), Write: true})
}

// Each version makes a domain through zagg over S3, and the other reads it. Nothing is left over.
func TestClientsEdit(t *testing.T) {
	if testing.Short() {
		t.Skip("two clients")
	}
	s3, err := awstest.StartS3(t.Context(), awstest.S3Options{Exe: os.Getenv("ZAGG_VERSITYGW"), Buckets: []string{bucket}})
	require.NoError(t, err)
	t.Cleanup(func() { s3.Close() })
	access, key := s3.Owner()
	source, err := s3store.New(t.Context(), s3store.Options{Endpoint: s3.Direct(), Region: "us-east-1", Credentials: &s3store.Credentials{AccessKeyID: access, SecretAccessKey: key}})
	require.NoError(t, err)
	s := hsds.New(hsds.Options{Bucket: hsds.One(bucket, source, "s3://"+bucket+"/"), Write: true, Retry: objstore.Policy{Base: 10 * time.Millisecond}})
	require.NoError(t, s.Writable(t.Context(), hdfrest.Name{Bucket: bucket}))
	folders(t, s)
	ours := serve(t, s)
	for i, version := range versions {
		t.Run(version, func(t *testing.T) {
			t.Parallel()
			domain := "/home/test_user1/" + version + ".h5"
			edit(t, version, ours, domain, "make")
			edit(t, versions[1-i], ours, domain, "check")
			n := hdfrest.Name{Bucket: bucket, Path: domain}
			found, err := s.Check(t.Context(), n, hsds.Check{Fix: true})
			require.NoError(t, err)
			require.NotEmpty(t, found, "what lost its link")
			for _, f := range found {
				require.True(t, f.Remove, f.Key+": "+f.What)
			}
			found, err = s.Check(t.Context(), n, hsds.Check{})
			require.NoError(t, err)
			require.Empty(t, found)
			edit(t, version, ours, domain, "check")
			require.NoError(t, s.Unmake(t.Context(), n, true))
			left := 0
			require.NoError(t, source.List(t.Context(), "s3://"+bucket+"/home/test_user1/"+version, func(core.ObjectInfo) error { left++; return nil }))
			require.Zero(t, left)
		})
	}
}

// original starts HSDS over a folder. ZAGG_HSDS names its executables, separated by colons: of versions 0.9.4 and 1.0.2.
func original(t *testing.T, exe, root string) string {
	work, err := os.MkdirTemp("", "hsds") // short: names of sockets
	require.NoError(t, err)
	t.Cleanup(func() { os.RemoveAll(work) })
	passwords := filepath.Join(work, "passwd.txt")
	require.NoError(t, os.WriteFile(passwords, []byte(user+":"+secret+"\nadmin:admin\n"), 0o600))
	sockets := filepath.Join(work, "s")
	require.NoError(t, os.Mkdir(sockets, 0o700))
	socket := filepath.Join(sockets, "sn_1.sock")
	start, err := filepath.Abs("start.py")
	require.NoError(t, err)
	for range 2 {
		ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
		cmd := exec.CommandContext(ctx, filepath.Join(filepath.Dir(exe), "python"), start, "--root_dir", root, "--bucket_name", bucket, "--password_file", passwords, "--count", "1",
			"--loglevel", "ERROR", "--logfile", filepath.Join(work, "log"), "--socket_dir", sockets)
		cmd.Dir = work
		cmd.Env = append(os.Environ(), "PATH="+filepath.Dir(exe)+string(os.PathListSeparator)+os.Getenv("PATH"))
		cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
		cmd.WaitDelay = 10 * time.Second
		require.NoError(t, cmd.Start())
		ended := make(chan struct{})
		go func() {
			defer close(ended)
			cmd.Wait() //nolint:errcheck // it was interrupted, or gave up
		}()
		if ready(socket, ended) {
			t.Cleanup(func() { cancel(); <-ended })
			return "http+unix://" + url.PathEscape(socket)
		}
		cancel()
		<-ended
	}
	t.Fatal("HSDS does not start")
	return ""
}

// ready waits until a service answers on a socket, or ended.
func ready(socket string, ended <-chan struct{}) bool {
	client := &http.Client{Transport: &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "unix", socket)
	}}}
	defer client.CloseIdleConnections()
	for {
		r, err := client.Get("http://localhost/about")
		if err == nil {
			text, _ := io.ReadAll(r.Body)
			r.Body.Close()
			if r.StatusCode == 200 && strings.Contains(string(text), "READY") {
				return true
			}
		}
		select {
		case <-ended:
			return false
		case <-time.After(200 * time.Millisecond):
		}
	}
}

// clientsOf are the versions of h5pyd that find everything at a service of HSDS: 1.0.0 sees no attributes at HSDS 0.9.
func clientsOf(t *testing.T, exe string) []string {
	out, err := exec.Command(filepath.Join(filepath.Dir(exe), "python"), "-c", "from importlib.metadata import version; print(version('hsds'))").CombinedOutput()
	require.NoError(t, err, "%s", out)
	if strings.HasPrefix(string(out), "0.") {
		return versions[:1]
	}
	return versions
}

// What zagg wrote HSDS reads, cold; what HSDS wrote zagg reads.
func TestBothDirections(t *testing.T) {
	list := os.Getenv("ZAGG_HSDS")
	if list == "" {
		t.Skip("ZAGG_HSDS is not set: the executables hsds of versions 0.9.4 and 1.0.2, separated by colons (numpy < 2.3)")
	}
	root := t.TempDir()
	s := folderStore(t, root)
	folders(t, s)
	ours := serve(t, s)
	for _, v := range versions {
		edit(t, v, ours, "/home/test_user1/ours-"+v+".h5", "make")
		matrix(t, v, ours, "/home/test_user1/matrix-"+v+".h5", "make")
	}
	for i, exe := range strings.Split(list, ":") {
		t.Run(filepath.Base(filepath.Dir(filepath.Dir(exe))), func(t *testing.T) {
			theirs := original(t, exe, root)
			clients := clientsOf(t, exe)
			for k, v := range versions {
				for _, client := range clients {
					edit(t, client, theirs, "/home/test_user1/ours-"+v+".h5", "check")
				}
				matrix(t, clients[k%len(clients)], theirs, "/home/test_user1/matrix-"+v+".h5", "check")
			}
			matrix(t, versions[0], theirs, "/home/test_user1/matrix-theirs-"+strconv.Itoa(i)+".h5", "make")
			name := "/home/test_user1/theirs-" + strconv.Itoa(i) + ".h5"
			edit(t, versions[0], theirs, name, "make")
			require.Eventually(t, func() bool { // HSDS answers before it stores
				for _, what := range []string{"edit.py " + name, "matrix.py /home/test_user1/matrix-theirs-" + strconv.Itoa(i) + ".h5"} {
					py, domain, _ := strings.Cut(what, " ")
					cmd := exec.Command(os.Getenv("ZAGG_PYTHON"), py, domain, "check", map[bool]string{true: "3", false: "60"}[os.Getenv("ZAGG_SWEEPS") != ""])
					cmd.Env = append(os.Environ(), "HS_ENDPOINT="+ours, "HS_USERNAME="+user, "HS_PASSWORD="+secret, "HS_BUCKET="+bucket)
					if out, err := cmd.CombinedOutput(); err != nil {
						t.Logf("not yet: %s", out[max(0, len(out)-600):])
						return false
					}
				}
				return true
			}, 2*time.Minute, time.Second)
		})
	}
}
