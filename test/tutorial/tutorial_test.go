//go:build suites

package tutorial

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/englacial/zagg/internal/sharedtest"
)

const page = "../../docs/writing-a-plugin.md"

// block is the text between fences and what the first of them says: the language, then what to do with it.
var block = regexp.MustCompile("(?ms)^```(\\w+)(?: (\\S+))?\n(.*?)^```$")

// script is the page as one shell script. Blocks of sh are its lines, but for those that install something or need a person; blocks with
// file=NAME are files written where the shell is.
func script(text string) string {
	out := []string{"set -eu"}
	for i, m := range block.FindAllStringSubmatch(text, -1) {
		language, what, body := m[1], m[2], m[3]
		name, isFile := strings.CutPrefix(what, "file=")
		switch {
		case isFile:
			end := fmt.Sprintf("END_OF_FILE_%d", i)
			out = append(out, "cat > "+name+" <<'"+end+"'\n"+body+end)
		case language == "sh" && what == "":
			for line := range strings.Lines(body) {
				out = append(out, "echo '+ "+strings.ReplaceAll(strings.TrimSpace(line), "'", `'\''`)+"'", strings.TrimRight(line, "\n"))
			}
		}
	}
	return strings.Join(out, "\n") + "\n"
}

// What the page makes with mktemp is in a folder of the test.
func TestTutorial(t *testing.T) {
	python := os.Getenv("ZAGG_PYTHON")
	if python == "" {
		t.Skip("set ZAGG_PYTHON to a Python with numpy and grpcio")
	}
	text, err := os.ReadFile(page)
	require.NoError(t, err)
	root, err := filepath.Abs("../..")
	require.NoError(t, err)
	dir := t.TempDir()
	c := exec.CommandContext(t.Context(), "bash", "-c", script(string(text)))
	c.Dir = root
	c.Env = append(os.Environ(), "TMPDIR="+dir, "PYTHONPATH="+filepath.Join(root, "sdk", "python", "src"),
		"PATH="+filepath.Dir(python)+string(os.PathListSeparator)+os.Getenv("PATH"))
	out, err := c.CombinedOutput()
	require.NoError(t, err, string(out))
	t.Logf("%s", out)
	for _, made := range []string{"roughness/heights.zarr", "roughness/rough.png", "roughness/roughness.zip", "steps/heights.zarr", "boxes/buoys.zarr"} {
		found, err := filepath.Glob(filepath.Join(dir, "tmp.*", made))
		require.NoError(t, err)
		require.Len(t, found, 1, made)
	}
}

// Getting started is run with the program and the Python package of this checkout.
func TestGettingStarted(t *testing.T) {
	sharedtest.NeedsSweep(t)
	python := os.Getenv("ZAGG_PYTHON")
	if python == "" {
		t.Skip("set ZAGG_PYTHON to a Python with the packages of test/requirements.txt")
	}
	text, err := os.ReadFile("../../docs/getting-started.md")
	require.NoError(t, err)
	root, err := filepath.Abs("../..")
	require.NoError(t, err)
	program, dir := sharedtest.Program(t, "zagg"), t.TempDir()
	c := exec.CommandContext(t.Context(), "bash", "-c", script(string(text)))
	c.Dir = dir
	c.Env = append(os.Environ(), "ZAGG="+program, "PYTHONPATH="+filepath.Join(root, "sdk", "client", "src"),
		"PATH="+strings.Join([]string{filepath.Dir(program), filepath.Dir(python), os.Getenv("PATH")}, string(os.PathListSeparator)))
	out, err := c.CombinedOutput()
	require.NoError(t, err, string(out))
	t.Logf("%s", out)
	for _, made := range []string{"map.png", "highest.png", "heights.geo.parquet", "heights.nc", "h_mean.tif", "day.csv", "days.zarr/zarr.json"} {
		require.FileExists(t, filepath.Join(dir, "zagg-demo", made))
	}
	require.Contains(t, string(out), " folded", "of the granules added last")
}

// Links of the page lead somewhere.
func TestLinks(t *testing.T) {
	text, err := os.ReadFile(page)
	require.NoError(t, err)
	headings := map[string]bool{}
	for _, h := range regexp.MustCompile(`(?m)^#+ (.*)$`).FindAllStringSubmatch(string(text), -1) {
		headings[strings.ReplaceAll(strings.ToLower(h[1]), " ", "-")] = true
	}
	for _, m := range regexp.MustCompile(`\]\(([^)]*)\)`).FindAllStringSubmatch(string(text), -1) {
		if name, ok := strings.CutPrefix(m[1], "#"); ok {
			require.True(t, headings[name], m[1])
			continue
		}
		_, err := os.Stat(filepath.Join(filepath.Dir(page), m[1]))
		require.NoError(t, err, m[1])
	}
}
