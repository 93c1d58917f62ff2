package h5files_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/internal/hdfrest"
	"github.com/englacial/zagg/internal/hdfrest/h5files"
	"github.com/englacial/zagg/internal/sharedtest"
)

// A tree is a folder that is served, beside what must not be read: secret/s.h5 and outside.h5.
func tree(t *testing.T) (root string, server *httptest.Server) {
	data, err := os.ReadFile(sharedtest.Dir(t, "data", "atl03", "variable_subset_ATL24_data.h5"))
	require.NoError(t, err)
	above := t.TempDir()
	root = filepath.Join(above, "root")
	for _, name := range []string{"root/a.h5", "root/sub/b.h5", "root/.hidden.h5", "secret/s.h5", "outside.h5", "root2/c.h5"} {
		require.NoError(t, os.MkdirAll(filepath.Dir(filepath.Join(above, name)), 0o755))
		require.NoError(t, os.WriteFile(filepath.Join(above, name), data, 0o644))
	}
	for name, target := range map[string]string{
		"in.h5": "sub/b.h5", "into": "sub", "sub/up.h5": "../a.h5", // stay inside
		"out.h5": "../outside.h5", "abs.h5": filepath.Join(above, "outside.h5"), "secrets": "../secret", "sibling": "../root2", "chain.h5": "out.h5",
		"sub/far.h5": "../../outside.h5", "loop.h5": "loop.h5", "loops": ".", "dangling.h5": "nothing.h5", "zero.h5": "/dev/zero",
	} {
		require.NoError(t, os.Symlink(target, filepath.Join(root, name)))
	}
	require.NoError(t, syscall.Mkfifo(filepath.Join(root, "pipe.h5"), 0o600))
	require.NoError(t, os.Mkdir(filepath.Join(root, "folder.h5"), 0o755))
	require.NoError(t, os.WriteFile(filepath.Join(root, "text.h5"), []byte("not HDF5"), 0o644))
	require.NoError(t, os.WriteFile(filepath.Join(root, "empty.h5"), nil, 0o644))
	require.NoError(t, os.WriteFile(filepath.Join(root, "cut.h5"), data[:len(data)/2], 0o644))
	require.NoError(t, os.WriteFile(filepath.Join(root, "notes.txt"), data, 0o644))
	folder, err := h5files.OpenFolder(root)
	require.NoError(t, err)
	t.Cleanup(func() { folder.Close() })
	server = httptest.NewServer(hdfrest.New(hdfrest.Config{Store: h5files.New(h5files.Options{Bucket: h5files.One("local", folder, "")}), Bucket: "local"}))
	t.Cleanup(server.Close)
	return root, server
}

// ask sends a request line as it is, which package http would clean.
func ask(t *testing.T, server *httptest.Server, target string, headers ...string) (status int, body string) {
	t.Helper()
	c, err := net.Dial("tcp", server.Listener.Addr().String())
	require.NoError(t, err)
	defer c.Close()
	fmt.Fprintf(c, "GET %s HTTP/1.1\r\nHost: x\r\nConnection: close\r\n%s\r\n", target, strings.Join(append(headers, ""), "\r\n"))
	r, err := http.ReadResponse(bufio.NewReader(c), nil)
	require.NoError(t, err)
	defer r.Body.Close()
	require.NotContains(t, r.Header.Get("X-Hdf-Error"), os.TempDir(), "where the folder is, is nobody's business")
	var b bytes.Buffer
	_, err = b.ReadFrom(r.Body)
	require.NoError(t, err)
	return r.StatusCode, b.String()
}

// No spelling of a name leaves the folder.
func TestNamesStayBelowTheRoot(t *testing.T) {
	root, server := tree(t)
	for domain, want := range map[string]int{
		"/a.h5": 200, "/sub/b.h5": 200, "/in.h5": 200, "/into/b.h5": 200, "/sub/up.h5": 200, "%2Fa.h5": 200, "/loops/a.h5": 200, "/.hidden.h5": 200, "/sub/": 200, "/sub": 200,
		"/out.h5": 404, "/abs.h5": 404, "/secrets/s.h5": 404, "/sibling/c.h5": 404, "/chain.h5": 404, "/sub/far.h5": 404, "/secrets": 404, "/secrets/": 404,
		"/loop.h5": 404, "/dangling.h5": 404, "/zero.h5": 404, "/pipe.h5": 404, "/text.h5": 404, "/empty.h5": 404, "/folder.h5": 404, "/nothing.h5": 404,
		"/../outside.h5": 400, "/sub/../../outside.h5": 400, "/%2e%2e/outside.h5": 400, "/%2E%2E%2Foutside.h5": 400, "/sub/..": 400, "/./a.h5": 400, "//a.h5": 400, "/sub//b.h5": 400,
		"/..%5Coutside.h5": 400, "/a.h5%00": 400, "/a.h5%00.txt": 400, "..": 400, ".": 400, "a.h5": 400, "file:///etc/passwd": 400, "s3://local/a.h5": 400, "http://x/a.h5": 400,
		"/%252e%252e/outside.h5": 404, "/..%252foutside.h5": 404, "/a.h5/x": 404, "/a.h5/": 404, "local/a.h5": 200, "local/../outside.h5": 400, "other/a.h5": 400,
		filepath.ToSlash(filepath.Join(filepath.Dir(root), "outside.h5")): 404, // (absolute)
		"/" + strings.Repeat("b/", 9) + "b.h5":                            404, "/" + strings.Repeat("a/", 400) + "b.h5": 404, "/" + strings.Repeat("a", 300): 404,
	} {
		status, body := ask(t, server, "/?domain="+domain)
		require.Equal(t, want, status, "%s: %s", domain, body)
		if !strings.ContainsAny(domain, "%") {
			status, _ = ask(t, server, "/", "X-Hdf-domain: "+domain)
			require.Equal(t, want, status, "header %s", domain)
		}
	}
	for _, bucket := range []string{"..", "other", "local%2F..", "%2e%2e", "/etc", "local%00"} {
		status, _ := ask(t, server, "/?domain=/a.h5&bucket="+bucket)
		require.Equal(t, 404, status, bucket)
	}
	for target, want := range map[string]int{
		"/../outside.h5": 404, "/%2e%2e/outside.h5": 404, "/domains/../../x": 404, "/groups/../../a": 404, "/groups/%2e%2e": 400, "/%zz": 400, "/about/..": 404,
	} {
		status, _ := ask(t, server, target)
		require.Equal(t, want, status, target)
	}
}

// A listing shows what can be opened by its name, and nothing of what is outside.
func TestListingsStayBelowTheRoot(t *testing.T) {
	_, server := tree(t)
	list := func(folder string) (names []string) {
		status, body := ask(t, server, "/domains?domain="+folder)
		require.Equal(t, 200, status, body)
		var answer struct{ Domains []struct{ Name string } }
		require.NoError(t, json.Unmarshal([]byte(body), &answer))
		for _, d := range answer.Domains {
			names = append(names, d.Name)
		}
		return names
	}
	require.Equal(t, []string{"/a.h5", "/cut.h5", "/empty.h5", "/folder.h5", "/in.h5", "/into", "/loops", "/sub", "/text.h5"}, list("/"))
	require.Equal(t, []string{"/sub/b.h5", "/sub/up.h5"}, list("/sub/"))
	for _, folder := range []string{"/secrets/", "/..", "/../secret/", "/sub/../../secret/", "/%2e%2e/"} {
		status, body := ask(t, server, "/domains?domain="+folder)
		require.Contains(t, []int{400, 404}, status, "%s: %s", folder, body)
		require.NotContains(t, body, "s.h5")
	}
}

// A file that ends early is an error of what is missing, not of the server.
func TestFilesThatEndEarly(t *testing.T) {
	_, server := tree(t)
	status, body := ask(t, server, "/?domain=/cut.h5&getobjs=1&include_attrs=1")
	require.Contains(t, []int{200, 404, 422, 500}, status, body)
	require.NotContains(t, body, "panic")
}

// What is written while it is read is answered from one version, or with an error.
func TestFileWrittenInPlace(t *testing.T) {
	root := t.TempDir()
	name := filepath.Join(root, "a.h5")
	require.NoError(t, os.WriteFile(name, []byte("one"), 0o644))
	folder, err := h5files.OpenFolder(root)
	require.NoError(t, err)
	defer folder.Close()
	info, err := folder.Stat(t.Context(), "a.h5")
	require.NoError(t, err)
	_, err = folder.ReadVersion(t.Context(), "a.h5", info.ETag, []core.Range{{Length: 3}})
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(name, []byte("other"), 0o644))
	_, err = folder.ReadVersion(t.Context(), "a.h5", info.ETag, []core.Range{{Length: 3}})
	require.Error(t, err)
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = folder.ReadRanges(ended, "a.h5", []core.Range{{Length: 3}})
	require.Equal(t, core.Unavailable, core.CodeOf(err))
}
