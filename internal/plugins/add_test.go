package plugins_test

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/pem"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/internal/plugins"
)

const script = "#!/bin/sh\necho a plugin\n"

// most is a bound in place of the one of a GiB.
const most = 1 << 20

// archive serves executables over TLS, as an archive of releases does: with redirects, pages in their place, and links that lead elsewhere.
func archive(t *testing.T) string {
	plain := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, script) }))
	t.Cleanup(plain.Close)
	mux := http.NewServeMux()
	for path, body := range map[string]string{"/zagg-plugin-mine": script, "/zagg-plugin-page": "<!DOCTYPE html><p>Sign in</p>", "/zagg-plugin-pack": "\x1f\x8b\x08\x00", "/zagg-plugin-none": ""} {
		mux.HandleFunc(path, func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, body) })
	}
	for path, to := range map[string]string{"/latest/zagg-plugin-moved": "/zagg-plugin-mine", "/zagg-plugin-loop": "/zagg-plugin-loop", "/zagg-plugin-down": plain.URL + "/zagg-plugin-mine"} {
		mux.Handle(path, http.RedirectHandler(to, http.StatusFound))
	}
	mux.HandleFunc("/zagg-plugin-cut", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", "1000")
		_, _ = io.WriteString(w, script)
	})
	mux.HandleFunc("/zagg-plugin-endless", func(w http.ResponseWriter, r *http.Request) { // no Content-Length
		for _, err := io.WriteString(w, script); err == nil && r.Context().Err() == nil; {
			_, err = w.Write(make([]byte, 32<<10))
		}
	})
	mux.HandleFunc("/zagg-plugin-large", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", fmt.Sprint(most+1))
		w.WriteHeader(http.StatusOK) // and nothing comes: what is announced is enough
	})
	server := httptest.NewTLSServer(mux)
	t.Cleanup(server.Close)
	file := filepath.Join(t.TempDir(), "roots.pem")
	require.NoError(t, os.WriteFile(file, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw}), 0o600))
	t.Setenv("SSL_CERT_FILE", file) // read once in a process: no other test here speaks TLS
	return server.URL
}

func TestAddFromAddresses(t *testing.T) {
	url := archive(t)
	t.Setenv("XDG_DATA_HOME", t.TempDir())
	sum := sha256.Sum256([]byte(script))
	for path, name := range map[string]string{"/zagg-plugin-mine": "mine", "/latest/zagg-plugin-moved": "moved", "/zagg-plugin-mine?token=secret": "mine", "/zagg-plugin-mine?X-Amz-Signature=secret#secret": "mine"} {
		got, err := plugins.Fetch(t.Context(), url+path, "")
		require.NoError(t, err)
		require.Equal(t, name, got.Name)
		require.NotContains(t, fmt.Sprintf("%v %s %+v", got.From, got.From, *got), "secret", "what is shown has no credential")
		require.Equal(t, hex.EncodeToString(sum[:]), got.SHA256)
		require.EqualValues(t, len(script), got.Size)
		require.NoFileExists(t, got.To, "nothing is copied before it is wanted")
		got.Discard()
	}
	for path, want := range map[string]struct {
		code core.Code
		text string
	}{
		"/zagg-plugin-page": {core.Invalid, "it is not an executable"}, "/zagg-plugin-pack": {core.Invalid, "it is an archive"}, "/zagg-plugin-none": {core.Invalid, "it is not an executable"},
		"/zagg-plugin-loop": {core.Unavailable, "it leads to"}, "/zagg-plugin-down": {core.Unavailable, "it leads to"}, "/zagg-plugin-cut": {core.Unavailable, "unexpected EOF"},
		"/nothing": {core.NotFound, "404"},
	} {
		_, err := plugins.Fetch(t.Context(), url+path+"?token=secret", "")
		require.ErrorContains(t, err, want.text, path)
		require.NotContains(t, err.Error(), "secret")
		require.Equal(t, want.code, core.CodeOf(err), "%s: %v", path, err)
	}
	for _, path := range []string{"/zagg-plugin-endless", "/zagg-plugin-large"} {
		tooLarge(t, url+path)
	}
	_, err := plugins.Fetch(t.Context(), strings.Replace(url, "https", "http", 1)+"/zagg-plugin-mine?token=secret", "")
	require.ErrorContains(t, err, "not by http")
	require.NotContains(t, err.Error(), "secret")
}

// tooLarge wants that something is refused for its size, and that nothing of it stays.
func tooLarge(t *testing.T, from string) {
	tmp := t.TempDir()
	t.Setenv("TMPDIR", tmp)
	_, err := plugins.FetchUpTo(t.Context(), from, "", most)
	require.ErrorContains(t, err, from+": it has more than the 1.0 MiB that a plugin may have")
	require.Equal(t, core.Invalid, core.CodeOf(err))
	left, err := os.ReadDir(tmp)
	require.NoError(t, err)
	require.Empty(t, left)
}

func TestAddBoundsFiles(t *testing.T) {
	t.Setenv("XDG_DATA_HOME", t.TempDir())
	for size, fits := range map[int]bool{most: true, most + 1: false} {
		file := filepath.Join(t.TempDir(), "zagg-plugin-mine")
		require.NoError(t, os.WriteFile(file, append([]byte(script), make([]byte, size-len(script))...), 0o600))
		if !fits {
			tooLarge(t, file)
			continue
		}
		got, err := plugins.FetchUpTo(t.Context(), file, "", most)
		require.NoError(t, err)
		require.EqualValues(t, size, got.Size)
		got.Discard()
	}
	file := filepath.Join(t.TempDir(), "zagg-plugin-sparse") // the real bound, of a file without content
	f, err := os.Create(file)
	require.NoError(t, err)
	require.NoError(t, f.Truncate(1<<30+1))
	require.NoError(t, f.Close())
	_, err = plugins.Fetch(t.Context(), file, "")
	require.ErrorContains(t, err, "it has more than the 1.0 GiB")
}

// A fetched plugin is kept under its name, and what it takes the place of is told.
func TestAddKeeps(t *testing.T) {
	t.Setenv("XDG_DATA_HOME", t.TempDir())
	file := filepath.Join(t.TempDir(), "zagg-plugin-mine")
	for i, text := range []string{script, script + "exit 0\n"} {
		require.NoError(t, os.WriteFile(file, []byte(text), 0o600))
		got, err := plugins.Fetch(t.Context(), file, "")
		require.NoError(t, err)
		require.Equal(t, i > 0, got.Replaces != "")
		require.NoError(t, got.Keep())
		got.Discard()
		kept, err := os.ReadFile(got.To)
		require.NoError(t, err)
		require.Equal(t, text, string(kept))
		info, err := os.Stat(got.To)
		require.NoError(t, err)
		require.NotZero(t, info.Mode()&0o100, "it can be started")
	}
}

// A module's version is built by the Go toolchain, here from a proxy that is a folder.
func TestAddModule(t *testing.T) {
	if _, err := exec.LookPath("zip"); err != nil {
		t.Skip("there is no zip")
	}
	proxy := t.TempDir()
	const module, version = "example.org/mine", "v1.2.0"
	versions := filepath.Join(proxy, module, "@v")
	source := filepath.Join(proxy, "source", module+"@"+version)
	for path, text := range map[string]string{
		filepath.Join(versions, "list"):                             version + "\n",
		filepath.Join(versions, version+".info"):                    `{"Version":"` + version + `","Time":"2024-01-01T00:00:00Z"}`,
		filepath.Join(versions, version+".mod"):                     "module " + module + "\n\ngo 1.21\n",
		filepath.Join(source, "go.mod"):                             "module " + module + "\n\ngo 1.21\n",
		filepath.Join(source, "cmd", "zagg-plugin-mine", "main.go"): "package main\n\nfunc main() { println(\"a plugin\") }\n",
	} {
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o700))
		require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
	}
	zip := exec.Command("zip", "-qr", filepath.Join(versions, version+".zip"), module+"@"+version)
	zip.Dir = filepath.Join(proxy, "source")
	out, err := zip.CombinedOutput()
	require.NoError(t, err, string(out))
	t.Setenv("XDG_DATA_HOME", t.TempDir())
	t.Setenv("GOPROXY", "file://"+proxy)
	t.Setenv("GONOSUMDB", "*")
	t.Setenv("GOFLAGS", "-modcacherw")
	t.Setenv("GOMODCACHE", t.TempDir())
	got, err := plugins.Fetch(t.Context(), module+"/cmd/zagg-plugin-mine@"+version, "")
	require.NoError(t, err)
	defer got.Discard()
	require.Equal(t, "mine", got.Name)
	require.Len(t, got.SHA256, 64)
	_, err = plugins.Fetch(t.Context(), module+"/cmd/zagg-plugin-mine@v9.9.9", "")
	require.ErrorContains(t, err, "v9.9.9")
	require.Equal(t, core.Invalid, core.CodeOf(err))
}
