package plugindigest

import (
	"crypto/sha256"
	"encoding/hex"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

func write(t *testing.T, path, text string) string {
	t.Helper()
	require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o755))
	require.NoError(t, os.WriteFile(path, []byte(text), 0o755))
	return path
}

func of(t *testing.T, command ...string) string {
	t.Helper()
	c, err := Of(command)
	require.NoError(t, err)
	return c.Digest
}

// One file has the digest that sha256sum prints of it.
func TestOneFile(t *testing.T) {
	for name, text := range map[string]string{"binary": "\x7fELF", "script": "#!/bin/sh\n", "script.sh": "#!/bin/sh\n"} {
		path := write(t, filepath.Join(t.TempDir(), name), text)
		sum := sha256.Sum256([]byte(text))
		require.Equal(t, hex.EncodeToString(sum[:]), of(t, path), name)
	}
}

// What a command runs changes its digest, whatever it is; where it lies and what lies elsewhere do not.
func TestWhatCounts(t *testing.T) {
	make := func(edit func(dir string), command func(dir string) []string) string {
		dir := t.TempDir()
		write(t, filepath.Join(dir, "run"), "interpreter")
		write(t, filepath.Join(dir, "code", "main.py"), "import helper")
		write(t, filepath.Join(dir, "code", "helper.py"), "x = 1")
		write(t, filepath.Join(dir, "code", "deep", "more.py"), "y = 1")
		write(t, filepath.Join(dir, "code", "notes.txt"), "notes")
		edit(dir)
		return of(t, command(dir)...)
	}
	nothing := func(string) {}
	plain := func(dir string) []string {
		return []string{filepath.Join(dir, "run"), "-u", filepath.Join(dir, "code", "main.py")}
	}
	change := func(name string) func(string) {
		return func(dir string) { write(t, filepath.Join(dir, name), "changed") }
	}
	want := make(nothing, plain)
	for _, name := range []string{"code/notes.txt", "code/__pycache__/main.py", "code/.git/main.py", "code/node_modules/a.py", "other.py"} {
		require.Equal(t, want, make(change(name), plain), name)
	}
	seen := map[string]string{want: "plain"}
	for _, name := range []string{"run", "code/main.py", "code/helper.py", "code/deep/more.py", "code/new.py"} {
		got := make(change(name), plain)
		require.NotContains(t, seen, got, name)
		seen[got] = name
	}
	got := make(nothing, func(dir string) []string { return append(plain(dir), "--fast") })
	require.NotContains(t, seen, got)
	got = make(nothing, func(dir string) []string { return []string{plain(dir)[0], plain(dir)[2]} })
	require.NotContains(t, seen, got)
}

func TestRefused(t *testing.T) {
	for _, command := range [][]string{nil, {""}, {"/no/such/plugin"}, {"no-such-plugin-on-path"}} {
		_, err := Of(command)
		require.Error(t, err)
	}
}
