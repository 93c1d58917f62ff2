package serve

import (
	"context"
	"encoding/json"

	"google.golang.org/grpc"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/internal/wire"
	zaggv1 "github.com/englacial/zagg/proto/zagg/v1"
)

// A readerServer serves readers.
type readerServer struct {
	zaggv1.UnimplementedReaderServer
	*server
}

var _ zaggv1.ReaderServer = (*readerServer)(nil)

// A readStream is Read or Index as the plugin's end sees it.
type readStream = grpc.BidiStreamingServer[zaggv1.ReadToPlugin, zaggv1.ReadToHost]

// begin reads the start of a conversation.
func begin(stream readStream) (*zaggv1.ReadStart, core.Granule, core.Query, error) {
	first, err := stream.Recv()
	if err != nil {
		return nil, core.Granule{}, core.Query{}, err
	}
	start := first.GetStart()
	if start == nil {
		return nil, core.Granule{}, core.Query{}, core.Errorf(core.Internal, "plugin", "", "the conversation does not begin with a start")
	}
	g, err := wire.GranuleFromProto(start.Granule)
	if err != nil {
		return nil, g, core.Query{}, err
	}
	q, err := wire.QueryFromProto(start.Query)
	return start, g, q, err
}

func (s *readerServer) Identify(ctx context.Context, r *zaggv1.IdentifyRequest) (*zaggv1.IdentifyReply, error) {
	reader, err := find[core.Identifier](s.server, r.Handle)
	if err != nil {
		return nil, err
	}
	ids, err := reader.Identify(ctx, r.Names)
	if err != nil {
		return nil, err
	}
	for _, id := range ids {
		if err := wire.CheckText("identity", id.Data, id.Part); err != nil {
			return nil, err
		}
	}
	return &zaggv1.IdentifyReply{Identities: wire.IdentitiesToProto(ids)}, nil
}

func (s *readerServer) Read(stream readStream) error {
	start, g, q, err := begin(stream)
	if err != nil {
		return err
	}
	r, err := find[core.ProductReader](s.server, start.Handle)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancelCause(stream.Context())
	defer cancel(nil)
	h := newHostReader(stream, cancel)
	go h.receive()
	stats, err := r.Read(ctx, h, g, q, func(b *core.Batch) error { return h.emit(b, len(q.Columns)) })
	if err != nil {
		return err
	}
	return h.send(&zaggv1.ReadToHost{Message: &zaggv1.ReadToHost_Done{Done: wire.ReadStatsToProto(&stats)}})
}

func (s *readerServer) Index(stream readStream) error {
	start, g, q, err := begin(stream)
	if err != nil {
		return err
	}
	answer, err := s.indexer(start)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancelCause(stream.Context())
	defer cancel(nil)
	h := newHostReader(stream, cancel)
	go h.receive()
	index, err := answer(ctx, h, g, q)
	if err != nil {
		return err
	}
	for len(index) > 0 {
		n := min(len(index), wire.FrameBytes)
		if err := h.send(&zaggv1.ReadToHost{Message: &zaggv1.ReadToHost_Index{Index: index[:n]}}); err != nil {
			return err
		}
		index = index[n:]
	}
	return h.send(&zaggv1.ReadToHost{Message: &zaggv1.ReadToHost_Done{Done: &zaggv1.ReadDone{}}})
}

// indexer answers what Index is asked for: an index, or what a granule says of its datasets.
func (s *readerServer) indexer(start *zaggv1.ReadStart) (func(context.Context, core.ObjectReader, core.Granule, core.Query) ([]byte, error), error) {
	if !start.Describe {
		r, err := find[core.Indexer](s.server, start.Handle)
		if err != nil {
			return nil, err
		}
		return r.Index, nil
	}
	r, err := find[core.UnitTeller](s.server, start.Handle)
	if err != nil {
		return nil, err
	}
	return func(ctx context.Context, src core.ObjectReader, g core.Granule, q core.Query) ([]byte, error) {
		units, err := r.Units(ctx, src, g, q)
		if err != nil {
			return nil, err
		}
		return json.Marshal(units)
	}, nil
}
