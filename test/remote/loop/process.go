package loop

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/plugins/all"
)

// Everything is one plugin with what all of zagg's own offer, for a test's program that serves it.
func Everything() core.Plugin {
	p := core.Plugin{Name: "everything", Version: "1"}
	for _, one := range all.Plugins() {
		p.Grids = append(p.Grids, one.Grids...)
		p.Readers = append(p.Readers, one.Readers...)
		p.Statistics = append(p.Statistics, one.Statistics...)
	}
	return p
}

// Folder is a folder in which zagg finds the test's program as a plugin: it is started with the variable asPlugin.
func Folder(t testing.TB, asPlugin string) string {
	t.Helper()
	exe, err := os.Executable()
	require.NoError(t, err)
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "zagg-plugin-everything"), []byte("#!/bin/sh\n"+asPlugin+"=1 exec '"+exe+"'\n"), 0o700))
	return dir
}
