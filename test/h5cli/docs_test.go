//go:build suites

package h5cli_test

import (
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// The program in docs/hdf5.md is the package's example, which compiles and runs.
func TestDocumentedExample(t *testing.T) {
	page, err := os.ReadFile("../../docs/hdf5.md")
	require.NoError(t, err)
	example, err := os.ReadFile("../../core/h5/example_test.go")
	require.NoError(t, err)
	_, program, found := strings.Cut(string(page), "## Use it alone\n\n```go\n")
	require.True(t, found)
	program, _, _ = strings.Cut(program, "\n```")
	lines := strings.Split(program, "\n")
	require.Contains(t, string(example), "\t"+strings.Join(lines, "\n\t")+"\n")
}
