package serve

import (
	"context"
	"io"
	"sync"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/core/gridkit"
	"github.com/englacial/zagg/internal/wire"
	zaggv1 "github.com/englacial/zagg/proto/zagg/v1"
)

// A server holds the things that were made.
type server struct {
	offer core.Plugin // all plugins as one

	mu     sync.Mutex
	last   uint64
	things map[uint64]any
}

// newServer refuses two makers of one kind and name.
func newServer(plugins ...core.Plugin) (*server, error) {
	s := &server{things: map[uint64]any{}}
	seen := map[string]string{}
	for i, p := range plugins {
		if i == 0 {
			s.offer.Name, s.offer.Version = p.Name, p.Version
		}
		s.offer.Grids = append(s.offer.Grids, p.Grids...)
		s.offer.Readers = append(s.offer.Readers, p.Readers...)
		s.offer.Statistics = append(s.offer.Statistics, p.Statistics...)
		for _, name := range names(&p) {
			if first, taken := seen[name]; taken {
				return nil, core.Errorf(core.Invalid, "serve", p.Name, "%s is also offered by plugin %s", name, first)
			}
			seen[name] = p.Name
		}
	}
	return s, nil
}

// names are the kinds and names that a plugin offers.
func names(p *core.Plugin) []string {
	var out []string
	for _, m := range p.Grids {
		out = append(out, "grid "+m.Name)
	}
	for _, m := range p.Readers {
		out = append(out, "reader "+m.Name)
	}
	for _, m := range p.Statistics {
		out = append(out, "statistic "+m.Name)
	}
	return out
}

func (s *server) add(thing any) uint64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.last++
	s.things[s.last] = thing
	return s.last
}

// find is the thing of kind T with a handle.
func find[T any](s *server, handle uint64) (T, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	thing, ok := s.things[handle].(T)
	if !ok {
		return thing, core.Errorf(core.Internal, "plugin", "", "handle %d is of no such thing", handle)
	}
	return thing, nil
}

// A pluginServer lists and makes things.
type pluginServer struct {
	zaggv1.UnimplementedPluginServer
	*server
}

var _ zaggv1.PluginServer = (*pluginServer)(nil)

func (s *pluginServer) Describe(context.Context, *zaggv1.Empty) (*zaggv1.PluginInfo, error) {
	return wire.PluginToProto(&s.offer), nil
}

func (s *pluginServer) Configure(ctx context.Context, r *zaggv1.ConfigureRequest) (*zaggv1.Instance, error) {
	switch r.Kind {
	case zaggv1.Kind_KIND_GRID:
		g, err := construct(ctx, s.offer.Grids, r)
		if err != nil {
			return nil, err
		}
		info := g.Info()
		has := gridkit.PowersOf(g)
		made := &zaggv1.Instance{Handle: s.add(g), Info: &zaggv1.Instance_Grid{Grid: wire.GridInfoToProto(&info)},
			CanName: has.Names != nil, CanLocateIn: has.Locates != nil, CanCoverCells: has.Covers != nil, CanMeasure: has.Measures != nil}
		if has.Restores != nil {
			shard, cell := has.Restores.Orders()
			made.Legacy = &zaggv1.Orders{Shard: int64(shard), Cell: int64(cell)}
		}
		return made, nil
	case zaggv1.Kind_KIND_READER:
		p, err := construct(ctx, s.offer.Readers, r)
		if err != nil {
			return nil, err
		}
		info := p.Info()
		_, indexes := p.(core.Indexer)
		_, identifies := p.(core.Identifier)
		_, describes := p.(core.UnitTeller)
		return &zaggv1.Instance{Handle: s.add(p), Info: &zaggv1.Instance_Product{Product: wire.ProductInfoToProto(&info)},
			CanIndex: indexes, CanIdentify: identifies, CanDescribe: describes}, nil
	case zaggv1.Kind_KIND_STATISTIC:
		t, err := construct(ctx, s.offer.Statistics, r)
		if err != nil {
			return nil, err
		}
		info := t.Info()
		_, folds := t.(core.Folder)
		return &zaggv1.Instance{Handle: s.add(t), Info: &zaggv1.Instance_Statistic{Statistic: wire.StatisticInfoToProto(&info)}, CanFold: folds}, nil
	}
	return nil, core.Errorf(core.Unsupported, "plugin", r.Name, "this plugin makes no things of kind %d", r.Kind)
}

func construct[T any](ctx context.Context, makers []core.Maker[T], r *zaggv1.ConfigureRequest) (T, error) {
	for _, m := range makers {
		if m.Name == r.Name {
			var config core.Config
			if len(r.Config) > 0 {
				config = r.Config
			}
			return m.New(ctx, config)
		}
	}
	var none T
	return none, core.Errorf(core.NotFound, "plugin", r.Name, "this plugin does not offer it")
}

func (s *pluginServer) Release(_ context.Context, h *zaggv1.Handle) (*zaggv1.Empty, error) {
	s.mu.Lock()
	thing := s.things[h.Handle]
	delete(s.things, h.Handle)
	s.mu.Unlock()
	if c, ok := thing.(io.Closer); ok {
		return &zaggv1.Empty{}, c.Close()
	}
	return &zaggv1.Empty{}, nil
}
