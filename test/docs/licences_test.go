package docs

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// The page of licences lists the modules that the programs are built from, in their versions, and nothing else.
func TestLicencesAreThoseOfWhatIsLinked(t *testing.T) {
	cmd := exec.Command("go", "list", "-deps", "-f", "{{with .Module}}{{if not .Main}}{{.Path}} {{.Version}}{{end}}{{end}}", "./cmd/...")
	cmd.Dir = root
	cmd.Env = append(os.Environ(), "CGO_ENABLED=1") // with H3, as releases are
	out, err := cmd.Output()
	require.NoError(t, err)
	linked := map[string]bool{}
	for line := range strings.Lines(string(out)) {
		if line = strings.TrimSpace(line); line != "" {
			linked[line] = true
		}
	}
	text, err := os.ReadFile(filepath.Join(root, "docs", "licences.md"))
	require.NoError(t, err)
	listed := map[string]bool{}
	for line := range strings.Lines(string(text)) {
		if f := strings.Split(line, " | "); len(f) == 3 && strings.Contains(f[0], "/") {
			listed[strings.TrimPrefix(f[0], "| ")+" "+f[1]] = true
		}
	}
	require.Equal(t, linked, listed, "go -C test/tools run ./licences > docs/licences.md")
}
