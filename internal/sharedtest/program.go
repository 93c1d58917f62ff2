package sharedtest

import (
	"crypto/sha256"
	"encoding/hex"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// Program is the path of a program of cmd, such as "zagg", built from the checkout as it is. It lies in the user's cache: go links it
// once for all packages of tests, and again only where its source or the flags have changed. Nobody is to write to it.
func Program(t testing.TB, name string) string { return build(t, name, os.Environ()) }

// Function is a program of cmd as Lambda gets it, for this machine: static, and without what only older runtimes need.
func Function(t testing.TB, name string) string {
	return build(t, name, append(os.Environ(), "CGO_ENABLED=0"), "-tags", "lambda.norpc", "-trimpath")
}

func build(t testing.TB, name string, env []string, flags ...string) string {
	t.Helper()
	root := checkout(t)
	cache, err := os.UserCacheDir()
	if err != nil {
		cache = os.TempDir()
	}
	key := sha256.Sum256([]byte(root + "\n" + os.Getenv("GOFLAGS") + "\n" + strings.Join(flags, " ")))
	path := filepath.Join(cache, "zagg-tests", hex.EncodeToString(key[:8]), name)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("go", append(append([]string{"build"}, flags...), "-o", path, "./cmd/"+name)...)
	cmd.Dir, cmd.Env = root, env
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("go build ./cmd/%s: %v\n%s", name, err, out)
	}
	return path
}
