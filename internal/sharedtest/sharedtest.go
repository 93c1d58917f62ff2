// Package sharedtest finds the reference data that tests compare with: a folder "shared" beside the checkout.
// A user's clone does not have it, and such tests skip; in CI its absence is a failure.
package sharedtest

import (
	"os"
	"path/filepath"
	"testing"
)

// Dir is the path of shared/elem…; the test is skipped where the folder does not exist, and fails if CI is set.
func Dir(t testing.TB, elem ...string) string {
	t.Helper()
	root, err := os.Getwd()
	for err == nil {
		if _, e := os.Stat(filepath.Join(root, "go.mod")); e == nil {
			break
		}
		if filepath.Dir(root) == root {
			t.Fatal("no go.mod above the test's folder")
		}
		root = filepath.Dir(root)
	}
	path := filepath.Join(append([]string{filepath.Dir(root), "shared"}, elem...)...)
	if _, err := os.Stat(path); err != nil {
		if os.Getenv("CI") != "" {
			t.Fatalf("reference data missing in CI: %v", err)
		}
		t.Skipf("reference data not beside this checkout (%s): skipped", filepath.Join(append([]string{"shared"}, elem...)...))
	}
	return path
}
