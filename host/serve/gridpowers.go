package serve

import (
	"context"

	"google.golang.org/grpc"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/internal/wire"
	zaggv1 "github.com/englacial/zagg/proto/zagg/v1"
)

func (s *gridServer) CoverCells(r *zaggv1.CoverCellsRequest, stream grpc.ServerStreamingServer[zaggv1.CoverCellsReply]) error {
	g, err := find[core.CellCoverer](s.server, r.Handle)
	if err != nil {
		return err
	}
	sets, margins := make([][]uint64, len(r.Sets)), make([]float64, len(r.Sets))
	for i, set := range r.Sets {
		words, ok := wire.Words(set.Words)
		if !ok {
			return core.Errorf(core.Internal, "plugin", "", "%d bytes are not cells", len(set.Words))
		}
		sets[i], margins[i] = words, set.Margin
	}
	covers, usable, err := g.CoverCells(stream.Context(), sets, margins)
	if err != nil {
		return err
	}
	if len(covers) != len(sets) || len(usable) != len(sets) {
		return core.Errorf(core.Internal, "plugin", "", "the grid answers %d and %d of %d sets of cells", len(covers), len(usable), len(sets))
	}
	head := &zaggv1.CoverCellsReply{}
	for i, ok := range usable {
		if !ok {
			covers[i], head.Unusable = nil, append(head.Unusable, uint32(i))
		}
	}
	if err := stream.Send(head); err != nil {
		return err
	}
	return sendCovers(covers, func(part *zaggv1.CoverReply) error {
		return stream.Send(&zaggv1.CoverCellsReply{Parts: part.Parts})
	})
}

func (s *gridServer) Restore(ctx context.Context, r *zaggv1.RestoreRequest) (*zaggv1.RestoreReply, error) {
	g, err := find[core.LegacyGrid](s.server, r.Handle)
	if err != nil {
		return nil, err
	}
	old := wire.LegacyFromProto(r)
	restored, err := g.Restore(ctx, old)
	if err != nil {
		return nil, err
	}
	return wire.RestoredToProto(&restored), nil
}

func (s *gridServer) CellAreas(ctx context.Context, r *zaggv1.CellAreasRequest) (*zaggv1.CellAreasReply, error) {
	g, err := find[core.CellMeasurer](s.server, r.Handle)
	if err != nil {
		return nil, err
	}
	if len(r.Slots)%4 != 0 {
		return nil, core.Errorf(core.Internal, "plugin", "", "%d bytes are not slots", len(r.Slots))
	}
	slots := make([]int32, len(r.Slots)/4)
	copy(core.Raw(slots), r.Slots)
	areas, err := g.CellAreas(ctx, core.ShardKey(r.Key), slots)
	if err == nil && len(areas) != len(slots) {
		err = core.Errorf(core.Internal, "plugin", "", "the grid gives %d areas for %d slots", len(areas), len(slots))
	}
	if err != nil {
		return nil, err
	}
	return &zaggv1.CellAreasReply{Areas: core.Raw(areas)}, nil
}
