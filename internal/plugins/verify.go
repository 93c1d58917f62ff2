package plugins

import (
	"context"
	"encoding/json"
	"maps"
	"path/filepath"
	"slices"
	"time"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/core/coretest"
	"github.com/englacial/zagg/core/objstore"
	"github.com/englacial/zagg/host/remote"
	"github.com/englacial/zagg/internal/config"
	"github.com/englacial/zagg/internal/drivers"
)

// One is the plugin that a name or a command means, and the command where it is a process, which may have so many bytes of memory (0: any number).
func (s *Set) One(ctx context.Context, args []string, memory int64) (core.Plugin, []string, error) {
	if !isExecutable(args) {
		for _, p := range s.linked.Plugins() {
			if p.Name == args[0] {
				return p, nil, nil
			}
		}
		for _, c := range remote.Discover(s.getenv) {
			if c.Name == args[0] {
				args = []string{c.Path}
			}
		}
	}
	p, err := s.Open(ctx, remote.Options{Command: inFolder(args), Memory: memory})
	if err != nil {
		return core.Plugin{}, nil, err
	}
	return p.Core(), p.Command(), nil
}

// VerifyOptions say how a plugin is verified.
type VerifyOptions struct {
	With     map[string]string     // configuration as JSON by the name of a grid, reader or statistic; else the schema's first example, or {}
	Granules []string              // for readers: paths or URLs
	Assets   map[string]string     // files beside each granule, by name, as data_source.files has them
	Columns  []string              // that readers are asked for; none: all that the first granule has
	Prefix   bool                  // the beginning of a granule can be a granule
	Short    bool                  // fewer and smaller inputs
	Seed     uint64                // of the random inputs
	Process  []string              // command of the plugin; none: it is linked in, and no process is looked at
	Limit    time.Duration         // for one check
	Only     []string              // parts of the names of checks that are made; none: all
	Each     func(coretest.Result) // called with each result as it comes; nil: nobody
}

// A Verification is what the conformance suites found.
type Verification struct {
	VerifyOptions

	recorder *coretest.Recorder
	plugin   core.Plugin
}

// Results are those of the checks, in their order.
func (v *Verification) Results() []coretest.Result { return v.recorder.Results() }

// Verify holds a plugin against the promises of grids, readers and statistics.
func Verify(ctx context.Context, p core.Plugin, o VerifyOptions) *Verification {
	v := &Verification{VerifyOptions: o, recorder: coretest.NewRecorder(ctx, o.Limit), plugin: p}
	v.recorder.Each = o.Each
	if len(o.Only) > 0 {
		v.recorder.Only = func(name string) bool {
			return slices.ContainsFunc(o.Only, func(part string) bool { return holds(name, part) })
		}
	}
	if len(o.Process) > 0 {
		v.process(ctx)
	}
	v.run(ctx, p)
	return v
}

func (v *Verification) run(ctx context.Context, p core.Plugin) {
	opt := coretest.Options{Seed: v.Seed, Short: v.Short}
	for _, m := range p.Grids {
		v.recorder.Run("grid "+m.Name, func(r *coretest.Recorder) {
			made := v.config(m.Name, m.Schema)
			coretest.Maker(r, m, made)
			coretest.Grid(r, coretest.Make(m, made), coretest.GridOptions{Options: opt})
		})
	}
	for _, m := range p.Statistics {
		v.recorder.Run("statistic "+m.Name, func(r *coretest.Recorder) {
			made := v.config(m.Name, m.Schema)
			coretest.Maker(r, m, made)
			coretest.Statistic(r, coretest.Make(m, made), coretest.StatisticOptions{Options: opt})
		})
	}
	if len(p.Readers) == 0 {
		return
	}
	if len(v.Granules) == 0 {
		v.withoutGranules(p)
		return
	}
	beside := config.DataSource{Files: v.Assets}
	urls := slices.Clone(v.Granules)
	var granules []core.Granule
	for _, g := range v.Granules {
		granule := beside.WithFiles(core.Granule{ID: filepath.Base(g), Assets: map[string]string{"data": g}})
		granules = append(granules, granule)
		urls = slices.AppendSeq(urls, maps.Values(granule.Assets))
	}
	store, err := drivers.Open(ctx, drivers.Environment(), urls...)
	for _, m := range p.Readers {
		v.recorder.Run("reader "+m.Name, func(r *coretest.Recorder) {
			if err != nil {
				r.Errorf("%v", err)
				return
			}
			source := objstore.RetryReader(store, objstore.Policy{})
			made := v.config(m.Name, m.Schema)
			coretest.Maker(r, m, made)
			coretest.Reader(r, coretest.Make(m, made), source, granules, coretest.ReaderOptions{Options: opt, Columns: v.Columns, Prefix: v.Prefix})
		})
	}
}

// withoutGranules says of readers that they were not checked, unless other checks were asked for and made.
func (v *Verification) withoutGranules(p core.Plugin) {
	if len(v.Only) > 0 && len(v.Unmatched()) == 0 {
		return
	}
	for _, m := range p.Readers {
		v.recorder.Run("reader "+m.Name, func(r *coretest.Recorder) { r.Skipf("give it granules with --granule") })
	}
}

// config is what a thing is made from: as given, or the schema's first example, or nothing.
func (v *Verification) config(name string, schema json.RawMessage) string {
	if text, ok := v.With[name]; ok {
		return text
	}
	var s struct {
		Examples []json.RawMessage `json:"examples"`
	}
	if json.Unmarshal(schema, &s) == nil && len(s.Examples) > 0 {
		return string(s.Examples[0])
	}
	return "{}"
}
