package plugins

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/internal/config"
	"github.com/englacial/zagg/internal/plugindigest"
)

// A yes holds for the very code that was shown, and only for it.
func TestTrust(t *testing.T) {
	dir := t.TempDir()
	file := func(name, text string) string {
		path := filepath.Join(dir, name)
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o755))
		require.NoError(t, os.WriteFile(path, []byte(text), 0o755))
		return path
	}
	command := []string{file("code/run", "#!/bin/sh\n"), file("code/main.py", "import helper"), "--fast"}
	file("code/helper.py", "x = 1")
	var asked []string
	answer := true
	trust := Trust{File: filepath.Join(dir, "config", "allowed"), Ask: func(q string) bool { asked = append(asked, q); return answer }}
	p := config.Plugin{Name: "odd", Command: command}

	pin, err := trust.check(p, command)
	require.NoError(t, err)
	code, err := plugindigest.Of(command)
	require.NoError(t, err)
	require.Equal(t, code.Digest, pin, "what is started is what was shown")
	for _, text := range append(command, "helper.py", "plugin odd") {
		require.Contains(t, asked[0], text)
	}
	_, err = trust.check(p, command)
	require.NoError(t, err)
	require.Len(t, asked, 1, "remembered")

	answer = false
	for _, change := range []func() []string{
		func() []string { file("code/helper.py", "x = 2"); return command },
		func() []string { file("code/run", "#!/bin/bash\n"); return command },
		func() []string { file("code/new.py", ""); return command },
		func() []string { return append(command[:2:2], "--slow") },
	} {
		changed := change()
		_, err = trust.check(p, changed)
		require.Equal(t, core.Denied, core.CodeOf(err), strings.Join(changed, " "))
	}
	require.Len(t, asked, 5, "a no is not remembered, nor a yes for other code")
	trust.Ask = nil
	_, err = trust.check(p, command)
	require.ErrorContains(t, err, "--allow-plugins")
	trust.All = true
	_, err = trust.check(p, command)
	require.NoError(t, err)
	p.SHA256 = strings.Repeat("ab", 32)
	pin, err = (&Trust{}).check(p, command)
	require.NoError(t, err)
	require.Equal(t, p.SHA256, pin)
}
