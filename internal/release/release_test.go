package release

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestNotes(t *testing.T) {
	path := filepath.Join(t.TempDir(), "CHANGELOG.md")
	require.NoError(t, os.WriteFile(path, []byte("# Changelog\n\n## Unreleased\n\n- x\n\n## 1.10.0 - 2026-12-01\n\n### Added\n\n- a\n\n## [1.1.0]\n\n- b\n"), 0o644))
	for tag, want := range map[string]string{"1.10.0": "### Added\n\n- a\n", "v1.10.0": "### Added\n\n- a\n", "1.1.0": "- b\n"} {
		notes, err := notes(path, tag)
		require.NoError(t, err)
		require.Equal(t, want, notes)
	}
	_, err := notes(path, "1.1")
	require.ErrorContains(t, err, `no section "## 1.1"`)
}

func TestArchivesAreReproducible(t *testing.T) {
	dir := t.TempDir()
	files := map[string]string{}
	for _, n := range []string{"zagg", "README.md"} {
		files[n] = filepath.Join(dir, n)
		require.NoError(t, os.WriteFile(files[n], []byte(n), 0o600))
	}
	for _, pack := range []func(w *bytes.Buffer) error{
		func(w *bytes.Buffer) error { return packTar(w, "base", files) },
		func(w *bytes.Buffer) error { return packZip(w, "base", files) },
	} {
		var a, b bytes.Buffer
		require.NoError(t, pack(&a))
		require.NoError(t, os.Chtimes(files["zagg"], epoch(), epoch()))
		require.NoError(t, pack(&b))
		require.Equal(t, a.Bytes(), b.Bytes())
	}
}

func TestSBOM(t *testing.T) {
	b, err := sbom(t.Context(), "../..", "1.2.3")
	require.NoError(t, err)
	var doc struct {
		BOMFormat  string
		Components []struct{ Name, Version, PURL string }
		Metadata   struct{ Component struct{ PURL string } }
	}
	require.NoError(t, json.Unmarshal(b, &doc))
	require.Equal(t, "CycloneDX", doc.BOMFormat)
	require.Equal(t, "pkg:golang/github.com/englacial/zagg@1.2.3", doc.Metadata.Component.PURL)
	names := map[string]bool{}
	for _, c := range doc.Components {
		require.NotEmpty(t, c.Version, c.Name)
		require.False(t, names[c.PURL], "each once")
		names[c.PURL], names[c.Name] = true, true
	}
	require.True(t, names["google.golang.org/grpc"])
	require.False(t, names["github.com/stretchr/testify"], "tests are not shipped")
}

func TestNamesOfBundles(t *testing.T) {
	for name, want := range map[string][2]string{
		"lambda_function_x86_64.zip": {"worker", "amd64"}, "lambda_hdf_arm64.zip": {"hdf", "arm64"}, "lambda_zipedit_x86_64.zip": {"zipedit", "amd64"},
	} {
		function, arch := bundleOf(name)
		require.Equal(t, want, [2]string{function, arch})
	}
}

// Every platform has all packages of the program: none is made of files for others alone. `ci.yml` compiles them.
func TestPlatformsHaveAllPackages(t *testing.T) {
	for _, p := range Platforms() {
		cmd := exec.CommandContext(t.Context(), "go", "list", "-deps", "-f", "{{with .Error}}{{.}}{{end}}", "./cmd/zagg")
		cmd.Dir = "../.."
		cmd.Env = append(os.Environ(), "GOOS="+p.OS, "GOARCH="+p.Arch, "CGO_ENABLED=0")
		out, err := cmd.CombinedOutput()
		require.NoError(t, err, "%s: %s", p, out)
		require.Empty(t, strings.TrimSpace(string(out)), p.String())
		parsed, err := ParsePlatform(p.String())
		require.NoError(t, err)
		require.Equal(t, p, parsed)
	}
}
