package stats

import (
	"strings"
	"testing"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/core/coretest"
)

// TestPromises: every reduction keeps what core.Statistic promises.
func TestPromises(t *testing.T) {
	for _, m := range Plugin().Statistics {
		configs := []string{""}
		switch {
		case strings.HasSuffix(m.Name, "quantile"):
			configs = []string{`{"q":0.25}`, `{"q":[0,0.5,1]}`}
		case strings.HasSuffix(m.Name, "percentile"):
			configs = []string{`{"q":[5,95]}`}
		case strings.HasSuffix(m.Name, "var"):
			configs = []string{"", `{"ddof":1}`}
		}
		var types map[string][]core.Type
		if m.Name == "time_envelope" {
			types = map[string][]core.Type{"source": {core.Uint64}}
		}
		t.Run(m.Name, func(t *testing.T) { coretest.Maker(t, m, configs...) })
		for _, config := range configs {
			t.Run(m.Name+config, func(t *testing.T) {
				coretest.Statistic(t, coretest.Make(m, config), coretest.StatisticOptions{Options: coretest.Options{Short: testing.Short()}, Types: types})
			})
		}
	}
}
