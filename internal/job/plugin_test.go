package job_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/englacial/zagg/internal/job"
)

// What differs is named, whatever plugins share a name: none of those that stay is called another's successor, and no difference is "".
func TestPluginsDiffer(t *testing.T) {
	a := job.Plugin{Name: "q", Version: "1", Digest: "sha256:aa"}
	b := job.Plugin{Name: "q", Version: "1", Digest: "sha256:bb"}
	c := job.Plugin{Name: "q", Version: "2", Digest: "sha256:cc"}
	own := job.Plugin{Name: "stats", Version: "1"}
	for name, x := range map[string]struct {
		was, now []job.Plugin
		want     string
	}{
		"same":          {[]job.Plugin{a, b, own}, []job.Plugin{a, b}, ""},
		"order":         {[]job.Plugin{a, b}, []job.Plugin{b, a}, ""},
		"changed":       {[]job.Plugin{a}, []job.Plugin{c}, "plugin q 1 (sha256:aa), now q 2 (sha256:cc)"},
		"second of two": {[]job.Plugin{a, b}, []job.Plugin{a, c}, "plugin q 1 (sha256:bb), now q 2 (sha256:cc)"},
		"first of two":  {[]job.Plugin{a, b}, []job.Plugin{c, b}, "plugin q 1 (sha256:aa), now q 2 (sha256:cc)"},
		"one more":      {[]job.Plugin{a}, []job.Plugin{a, b}, "no plugin q, now q 1 (sha256:bb)"},
		"one less":      {[]job.Plugin{a, b}, []job.Plugin{a}, "plugin q 1 (sha256:bb), now not there"},
		"none before":   {nil, []job.Plugin{a}, "no plugin q, now q 1 (sha256:aa)"},
		"none after":    {[]job.Plugin{a}, nil, "plugin q 1 (sha256:aa), now not there"},
	} {
		require.Equal(t, x.want, job.PluginsDiffer(x.was, x.now), name)
	}
}
