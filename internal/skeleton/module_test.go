package skeleton

import (
	"os"
	"path/filepath"
	"regexp"
	"testing"

	"github.com/stretchr/testify/require"
)

// A module of one's own builds wherever it lies: what it is built with is named by its whole path or by a release.
func TestModule(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "rough")
	s := &Skeleton{Kind: "statistic", Name: "rough", Lang: "go", Module: "github.com/me/rough"}
	_, err := s.Write("0.1.0", dir)
	require.NoError(t, err)
	mod, err := os.ReadFile(filepath.Join(dir, "go.mod"))
	require.NoError(t, err)
	require.Contains(t, string(mod), "module github.com/me/rough\n")
	source := regexp.MustCompile(`replace .* => (.*)\n`).FindStringSubmatch(string(mod))
	require.NotNil(t, source, "this is a checkout")
	require.True(t, filepath.IsAbs(source[1]), source[1])
	main, err := os.ReadFile(filepath.Join(dir, "cmd", "zagg-plugin-rough", "main.go"))
	require.NoError(t, err)
	require.Contains(t, string(main), `"github.com/me/rough"`)
}

// Away from a checkout go.mod asks for a version, and the README says what to do where that cannot be had.
func TestModuleAwayFromACheckout(t *testing.T) {
	t.Chdir(t.TempDir())
	s := &Skeleton{Kind: "statistic", Name: "rough", Lang: "go", Module: "github.com/me/rough"}
	_, err := s.Write("0.1.0", "rough")
	require.NoError(t, err)
	mod, err := os.ReadFile(filepath.Join("rough", "go.mod"))
	require.NoError(t, err)
	require.NotContains(t, string(mod), "replace")
	readme, err := os.ReadFile(filepath.Join("rough", "README.md"))
	require.NoError(t, err)
	require.Contains(t, string(readme), "go mod edit -replace github.com/englacial/zagg=FOLDER")
}
