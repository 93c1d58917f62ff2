package remote

import (
	"context"

	"google.golang.org/grpc"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/internal/wire"
	zaggv1 "github.com/englacial/zagg/proto/zagg/v1"
)

// A statistic is a statistic in the plugin.
type statistic struct {
	*instance
	info core.StatisticInfo
}

var _ core.Statistic = (*statistic)(nil)

// A foldingStatistic can be computed from its own outputs too.
type foldingStatistic struct{ *statistic }

var _ core.Folder = (*foldingStatistic)(nil)

func (p *Plugin) newStatistic(ctx context.Context, name string, config core.Config) (core.Statistic, error) {
	i, err := p.make(ctx, zaggv1.Kind_KIND_STATISTIC, name, config)
	if err != nil {
		return nil, err
	}
	info, err := wire.StatisticInfoFromProto(i.info.GetStatistic())
	if err != nil {
		return nil, i.wrong(err)
	}
	s := &statistic{instance: i, info: info}
	if i.info.CanFold {
		return &foldingStatistic{s}, nil
	}
	return s, nil
}

func (t *statistic) Info() core.StatisticInfo { return t.info }

func (t *statistic) Compute(ctx context.Context, groups *core.Groups) ([]core.Column, error) {
	return t.run(ctx, groups, "Statistic.Compute", func(s *session) computeCall { return s.statistic.Compute })
}

func (t *foldingStatistic) Fold(ctx context.Context, groups *core.Groups) ([]core.Column, error) {
	return t.run(ctx, groups, "Statistic.Fold", func(s *session) computeCall { return s.statistic.Fold })
}

type computeCall = func(context.Context, *zaggv1.ComputeRequest, ...grpc.CallOption) (grpc.ServerStreamingClient[zaggv1.ColumnFrame], error)

func (t *statistic) run(ctx context.Context, groups *core.Groups, method string, call func(*session) computeCall) ([]core.Column, error) {
	return retry(ctx, t.instance, method, func(s *session, handle uint64) ([]core.Column, error) {
		l := &lease{values: s.values}
		defer l.release()
		request := &zaggv1.ComputeRequest{Handle: handle, Slots: l.put(core.Raw(groups.Slots)), Offsets: l.put(core.Raw(groups.Offsets)),
			Rows: inputs(l, groups.Rows), Cells: inputs(l, groups.Cells)}
		if len(groups.Offsets) == 0 { // the zero Groups
			request.Offsets = l.put(make([]byte, 8))
		}
		if err := l.upload(ctx); err != nil {
			return nil, err
		}
		cols, err := columns(ctx, s, call(s), request, t.limit(groups))
		if err == nil {
			err = checkRows(s, cols, len(t.info.Outputs), len(groups.Slots))
		}
		return cols, err
	})
}

func inputs(l *lease, cols []core.Column) []*zaggv1.InputColumn {
	var out []*zaggv1.InputColumn
	for i := range cols {
		c := &cols[i]
		out = append(out, &zaggv1.InputColumn{Head: wire.HeadOf(c), Payload: l.put(core.Raw(c.Offsets), c.Data)})
	}
	return out
}

// raggedBytes is the most that outputs of any length may take in one call.
const raggedBytes = 4 << 30

// limit is the most that the outputs can be.
func (t *statistic) limit(groups *core.Groups) wire.Limit {
	l := wire.Limit{Columns: len(t.info.Outputs)}
	for i := range t.info.Outputs {
		o := &t.info.Outputs[i]
		if o.Ragged || o.Type == core.Bytes {
			l.Bytes += raggedBytes
			continue
		}
		const widest = 8 // bytes of an element
		l.Bytes += uint64(len(groups.Slots)) * uint64(max(o.Width, 1)) * widest
	}
	return l
}
