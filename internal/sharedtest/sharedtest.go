// Package sharedtest is what tests share: the reference data that they compare with, in a folder "shared" beside the checkout, and how
// much of a matrix is tried, and the programs that they start. A user's clone has no such folder, and such tests skip; in CI its absence is a failure.
package sharedtest

import (
	"os"
	"path/filepath"
	"testing"
)

// Dir is the path of shared/elem…; the test is skipped where the folder does not exist, and fails if CI is set.
func Dir(t testing.TB, elem ...string) string {
	t.Helper()
	path := filepath.Join(append([]string{filepath.Dir(checkout(t)), "shared"}, elem...)...)
	if _, err := os.Stat(path); err != nil {
		if os.Getenv("CI") != "" {
			t.Fatalf("reference data missing in CI: %v", err)
		}
		t.Skipf("reference data not beside this checkout (%s): skipped", filepath.Join(append([]string{"shared"}, elem...)...))
	}
	return path
}

// checkout is the folder of the test's module.
func checkout(t testing.TB) string {
	t.Helper()
	root, err := os.Getwd()
	for err == nil {
		if _, e := os.Stat(filepath.Join(root, "go.mod")); e == nil {
			return root
		}
		if filepath.Dir(root) == root {
			t.Fatal("no go.mod above the test's folder")
		}
		root = filepath.Dir(root)
	}
	t.Fatal(err)
	return ""
}

// Sweep reports whether whole matrices are tried: with ZAGG_SWEEPS, as .ci/run sets it. Without it a test tries some of each, so that
// `go test ./...` is a matter of minutes.
func Sweep() bool { return os.Getenv("ZAGG_SWEEPS") != "" }

// NeedsSweep skips what takes more than it tells a first look: building functions for other machines, and its like.
func NeedsSweep(t testing.TB) {
	t.Helper()
	if !Sweep() {
		t.Skip("takes long: ZAGG_SWEEPS=1 runs it, as .ci/run does")
	}
}

// NotShort skips what builds programs or runs whole stores many times, with -short.
func NotShort(t testing.TB) {
	t.Helper()
	if testing.Short() {
		t.Skip("takes long: left out with -short")
	}
}
