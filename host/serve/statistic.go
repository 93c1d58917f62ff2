package serve

import (
	"context"
	"errors"
	"io"
	"slices"
	"sync"

	"google.golang.org/grpc"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/internal/wire"
	zaggv1 "github.com/englacial/zagg/proto/zagg/v1"
)

// A statisticServer serves statistics and keeps values that several calls name.
type statisticServer struct {
	zaggv1.UnimplementedStatisticServer
	*server

	mu     sync.Mutex
	values map[uint64][]byte
}

var _ zaggv1.StatisticServer = (*statisticServer)(nil)

func (s *statisticServer) Upload(stream grpc.ClientStreamingServer[zaggv1.UploadFrame, zaggv1.Empty]) error {
	came := map[uint64][]byte{}
	for {
		f, err := stream.Recv()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return err
		}
		if uint64(len(came[f.Id])+len(f.Data)) > f.Bytes {
			return core.Errorf(core.Internal, "plugin", "", "value %d has more than its %d bytes", f.Id, f.Bytes)
		}
		came[f.Id] = wire.Append(came[f.Id], f.Data, f.Bytes)
	}
	s.mu.Lock()
	for id, b := range came {
		s.values[id] = b
	}
	s.mu.Unlock()
	return stream.SendAndClose(&zaggv1.Empty{})
}

func (s *statisticServer) Drop(_ context.Context, r *zaggv1.DropRequest) (*zaggv1.Empty, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, id := range r.Ids {
		delete(s.values, id)
	}
	return &zaggv1.Empty{}, nil
}

func (s *statisticServer) Compute(r *zaggv1.ComputeRequest, stream grpc.ServerStreamingServer[zaggv1.ColumnFrame]) error {
	t, err := find[core.Statistic](s.server, r.Handle)
	if err != nil {
		return err
	}
	return s.run(r, stream, t.Compute)
}

func (s *statisticServer) Fold(r *zaggv1.ComputeRequest, stream grpc.ServerStreamingServer[zaggv1.ColumnFrame]) error {
	t, err := find[core.Folder](s.server, r.Handle)
	if err != nil {
		return err
	}
	return s.run(r, stream, t.Fold)
}

func (s *statisticServer) run(r *zaggv1.ComputeRequest, stream grpc.ServerStreamingServer[zaggv1.ColumnFrame], compute func(context.Context, *core.Groups) ([]core.Column, error)) error {
	g, err := s.groups(r)
	if err != nil {
		return err
	}
	cols, err := compute(stream.Context(), g)
	if err != nil {
		return err
	}
	return wire.SendColumns(cols, stream.Send)
}

// groups puts the groups of a request together.
func (s *statisticServer) groups(r *zaggv1.ComputeRequest) (*core.Groups, error) {
	slots, err := s.value(r.Slots)
	if err != nil {
		return nil, err
	}
	offsets, err := s.value(r.Offsets)
	if err != nil {
		return nil, err
	}
	if len(slots)%4 != 0 || len(offsets) != 2*len(slots)+8 {
		return nil, core.Errorf(core.Internal, "plugin", "", "%d bytes of slots and %d of offsets are not groups", len(slots), len(offsets))
	}
	g := &core.Groups{Slots: core.View[int32](slots), Offsets: core.View[int64](offsets)}
	if g.Offsets[0] != 0 || !slices.IsSorted(g.Offsets) {
		return nil, core.Errorf(core.Internal, "plugin", "", "the offsets of the groups fall or do not begin at 0")
	}
	if g.Rows, err = s.inputs(r.Rows, int(g.Offsets[len(g.Slots)])); err != nil {
		return nil, err
	}
	g.Cells, err = s.inputs(r.Cells, len(g.Slots))
	return g, err
}

func (s *statisticServer) inputs(in []*zaggv1.InputColumn, rows int) ([]core.Column, error) {
	var cols []core.Column
	for _, i := range in {
		payload, err := s.value(i.Payload)
		if err != nil {
			return nil, err
		}
		c, err := wire.ColumnFrom(i.Head, payload)
		if err != nil {
			return nil, err
		}
		if c.Rows() != rows {
			return nil, core.Errorf(core.Internal, "plugin", c.Name, "the column has %d rows where %d belong", c.Rows(), rows)
		}
		cols = append(cols, c)
	}
	return cols, nil
}

func (s *statisticServer) value(v *zaggv1.Value) ([]byte, error) {
	if v.GetId() == 0 {
		return wire.Aligned(v.GetData()), nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	b, ok := s.values[v.Id]
	if !ok {
		return nil, core.Errorf(core.Internal, "plugin", "", "value %d is not here", v.Id)
	}
	return b, nil
}
