package serve

import (
	"context"

	"google.golang.org/grpc"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/internal/wire"
	zaggv1 "github.com/englacial/zagg/proto/zagg/v1"
)

// A gridServer serves grids.
type gridServer struct {
	zaggv1.UnimplementedGridServer
	*server
}

var _ zaggv1.GridServer = (*gridServer)(nil)

func (s *gridServer) Cover(r *zaggv1.CoverRequest, stream grpc.ServerStreamingServer[zaggv1.CoverReply]) error {
	g, err := find[core.Grid](s.server, r.Handle)
	if err != nil {
		return err
	}
	regions := make([]core.Region, len(r.Regions))
	for i := range regions {
		if regions[i], err = wire.RegionFromProto(r.Regions[i]); err != nil {
			return err
		}
	}
	covers, err := g.Cover(stream.Context(), regions)
	if err != nil {
		return err
	}
	if len(covers) != len(regions) {
		return core.Errorf(core.Internal, "plugin", "", "the grid answers %d of %d regions", len(covers), len(regions))
	}
	return sendCovers(covers, stream.Send)
}

// sendCovers cuts the keys of all regions into messages of about FrameBytes.
func sendCovers(covers [][]core.ShardKey, send func(*zaggv1.CoverReply) error) error {
	const perKey, perPart = 4, 16 // about what they take beside the text
	reply, used := &zaggv1.CoverReply{}, 0
	for i, keys := range covers {
		part := &zaggv1.CoverPart{Region: uint32(i)}
		for _, k := range keys {
			part.Keys = append(part.Keys, string(k))
			if used += len(k) + perKey; used >= wire.FrameBytes {
				reply.Parts = append(reply.Parts, part)
				if err := send(reply); err != nil {
					return err
				}
				reply, used, part = &zaggv1.CoverReply{}, 0, &zaggv1.CoverPart{Region: uint32(i)}
			}
		}
		if len(part.Keys) > 0 {
			reply.Parts = append(reply.Parts, part)
			used += perPart
		}
	}
	return send(reply)
}

func (s *gridServer) Shards(r *zaggv1.ShardsRequest, stream grpc.ServerStreamingServer[zaggv1.ShardsReply]) error {
	g, err := find[core.Grid](s.server, r.Handle)
	if err != nil {
		return err
	}
	keys := make([]core.ShardKey, len(r.Keys))
	for i, k := range r.Keys {
		keys[i] = core.ShardKey(k)
	}
	shards, err := g.Shards(stream.Context(), keys)
	if err != nil {
		return err
	}
	reply, used := &zaggv1.ShardsReply{}, 0
	for i := range shards {
		reply.Shards = append(reply.Shards, wire.ShardToProto(&shards[i]))
		if used += wire.RegionBytes(&shards[i].Outline) + 64; used >= wire.FrameBytes {
			if err := stream.Send(reply); err != nil {
				return err
			}
			reply, used = &zaggv1.ShardsReply{}, 0
		}
	}
	return stream.Send(reply)
}

func (s *gridServer) Cells(r *zaggv1.CellsRequest, stream grpc.ServerStreamingServer[zaggv1.ColumnFrame]) error {
	g, err := find[core.Grid](s.server, r.Handle)
	if err != nil {
		return err
	}
	cols, err := g.Cells(stream.Context(), core.ShardKey(r.Key))
	if err != nil {
		return err
	}
	return wire.SendColumns(cols, stream.Send)
}

// points are the coordinates of a call.
func points(lon, lat []byte) ([]float64, []float64, error) {
	x, ok1 := wire.Floats(lon)
	y, ok2 := wire.Floats(lat)
	if !ok1 || !ok2 || len(x) != len(y) {
		return nil, nil, core.Errorf(core.Internal, "plugin", "", "%d bytes of longitudes and %d of latitudes are not points", len(lon), len(lat))
	}
	return x, y, nil
}

func (s *gridServer) Locate(ctx context.Context, r *zaggv1.LocateRequest) (*zaggv1.LocateReply, error) {
	g, err := find[core.Grid](s.server, r.Handle)
	if err != nil {
		return nil, err
	}
	lon, lat, err := points(r.Lon, r.Lat)
	if err != nil {
		return nil, err
	}
	slot := make([]int32, len(lon))
	if err := g.Locate(ctx, core.ShardKey(r.Key), lon, lat, slot); err != nil {
		return nil, err
	}
	return &zaggv1.LocateReply{Slot: core.Raw(slot)}, nil
}

func (s *gridServer) LocateIn(ctx context.Context, r *zaggv1.LocateInRequest) (*zaggv1.LocateInReply, error) {
	g, err := find[core.ShardLocator](s.server, r.Handle)
	if err != nil {
		return nil, err
	}
	lon, lat, err := points(r.Lon, r.Lat)
	if err != nil {
		return nil, err
	}
	keys := make([]core.ShardKey, len(r.Keys))
	for i, k := range r.Keys {
		keys[i] = core.ShardKey(k)
	}
	shard, slot := make([]int32, len(lon)), make([]int32, len(lon))
	if err := g.LocateIn(ctx, keys, lon, lat, shard, slot); err != nil {
		return nil, err
	}
	return &zaggv1.LocateInReply{Shard: core.Raw(shard), Slot: core.Raw(slot)}, nil
}

func (s *gridServer) Names(r *zaggv1.NamesRequest, stream grpc.ServerStreamingServer[zaggv1.ColumnFrame]) error {
	g, err := find[core.CellNamer](s.server, r.Handle)
	if err != nil {
		return err
	}
	lon, lat, err := points(r.Lon, r.Lat)
	if err != nil {
		return err
	}
	cols, err := g.Names(stream.Context(), lon, lat)
	if err != nil {
		return err
	}
	return wire.SendColumns(cols, stream.Send)
}
