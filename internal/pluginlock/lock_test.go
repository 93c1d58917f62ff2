package pluginlock

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/internal/job"
)

func TestLock(t *testing.T) {
	config := filepath.Join(t.TempDir(), "run.yaml")
	_, err := Write(config, nil, nil, nil)
	require.Equal(t, core.Invalid, core.CodeOf(err), "there is no configuration")
	require.NoError(t, os.WriteFile(config, nil, 0o600))

	old := job.Plugin{Name: "steps", Version: "1.0", Digest: "sha256:aa"}
	other := job.Plugin{Name: "boxes", Version: "1.0", Digest: "sha256:bb"}
	own := job.Plugin{Name: "stats", Version: "1.0"}
	none, err := Beside(config)
	require.NoError(t, err)
	require.NoError(t, none.Check([]job.Plugin{old, own}), "no lock allows all")

	_, err = Write(config, []job.Plugin{old, own}, nil, nil)
	require.NoError(t, err)
	_, err = Write(config, []job.Plugin{other}, map[string][]Offer{"boxes": {{Kind: "grid", Name: "boxes"}}}, nil)
	require.NoError(t, err)
	l, err := Beside(config)
	require.NoError(t, err)
	require.Equal(t, []job.Plugin{other, old}, l.Plugins, "what comes with zagg is not locked")
	require.Equal(t, "boxes", l.Offers["boxes"][0].Name)
	require.NoError(t, l.Check([]job.Plugin{old, own}))
	for _, changed := range []job.Plugin{{Name: "steps", Version: "1.0", Digest: "sha256:cc"}, {Name: "steps", Version: "2.0", Digest: "sha256:aa"}} {
		err = l.Check([]job.Plugin{changed})
		require.Equal(t, core.Denied, core.CodeOf(err))
		require.ErrorContains(t, err, old.String())
		require.ErrorContains(t, err, changed.String())
	}
	require.ErrorContains(t, l.Check([]job.Plugin{{Name: "new", Version: "1", Digest: "sha256:dd"}}), "does not have plugin new 1")

	require.NoError(t, os.WriteFile(l.Path, []byte("{"), 0o600))
	_, err = Beside(config)
	require.ErrorContains(t, err, l.Path)
}
