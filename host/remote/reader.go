package remote

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/internal/wire"
	zaggv1 "github.com/englacial/zagg/proto/zagg/v1"
)

// A reader is a product reader in the plugin.
type reader struct {
	*instance
	info core.ProductInfo
}

var _ core.ProductReader = (*reader)(nil)

// An indexing reader can make indexes.
type indexing struct{ of *reader }

// An identifying reader knows its product's names.
type identifying struct{ of *reader }

var (
	_ core.Indexer = struct {
		*reader
		indexing
	}{}
	_ core.Identifier = struct {
		*reader
		identifying
	}{}
)

func (p *Plugin) newReader(ctx context.Context, name string, config core.Config) (core.ProductReader, error) {
	i, err := p.make(ctx, zaggv1.Kind_KIND_READER, name, config)
	if err != nil {
		return nil, err
	}
	info, err := wire.ProductInfoFromProto(i.info.GetProduct())
	if err != nil {
		return nil, i.wrong(err)
	}
	r := &reader{instance: i, info: info}
	return r.withPowers(), nil
}

// withPowers is the reader with the optional powers that it declared, and no other: a type assertion tells the truth. Units alone every
// reader has: it says nothing where the plugin's does not.
func (r *reader) withPowers() core.ProductReader {
	switch can := r.instance.info; {
	case can.CanIndex && can.CanIdentify:
		return struct {
			*reader
			indexing
			identifying
		}{r, indexing{r}, identifying{r}}
	case can.CanIndex:
		return struct {
			*reader
			indexing
		}{r, indexing{r}}
	case can.CanIdentify:
		return struct {
			*reader
			identifying
		}{r, identifying{r}}
	}
	return r
}

func (r *reader) Info() core.ProductInfo { return r.info }

// Read is repeated if the plugin dies of it before a batch was emitted. Afterwards only the caller can: it knows what became of the batches.
func (r *reader) Read(ctx context.Context, src core.ObjectReader, g core.Granule, query core.Query, emit func(*core.Batch) error) (core.ReadStats, error) {
	emitted := false
	var refused error // by the caller
	for try := 0; ; try++ {
		c := &conversation{source: src, query: query}
		s, err := r.converse(ctx, c, g, func(c *conversation) (stream, error) { return c.session.reader.Read(c.ctx) }, func(b *core.Batch) error {
			emitted, refused = true, emit(b)
			return refused
		})
		switch {
		case err == nil:
			return c.stats, nil
		case refused != nil:
			return core.ReadStats{}, refused
		}
		if err = r.named("Reader.Read", err); emitted || try > 0 || s == nil || s.endError() == nil || ctx.Err() != nil {
			return core.ReadStats{}, err
		}
	}
}

func (i indexing) Index(ctx context.Context, src core.ObjectReader, g core.Granule, query core.Query) ([]byte, error) {
	return i.of.index(ctx, src, g, query, false)
}

var _ core.UnitTeller = (*reader)(nil)

// Units implements core.UnitTeller: nothing, where the plugin's reader does not.
func (r *reader) Units(ctx context.Context, src core.ObjectReader, g core.Granule, query core.Query) ([]core.Unit, error) {
	if !r.instance.info.CanDescribe {
		return nil, nil
	}
	text, err := r.index(ctx, src, g, query, true)
	if err != nil {
		return nil, err
	}
	var units []core.Unit
	if err := json.Unmarshal(text, &units); err != nil {
		return nil, r.wrong(err)
	}
	return units, nil
}

// index has the conversation Index: for an index, or for what the granule says of its datasets.
func (r *reader) index(ctx context.Context, src core.ObjectReader, g core.Granule, query core.Query, describe bool) ([]byte, error) {
	for try := 0; ; try++ {
		c := &conversation{source: src, query: query, indexing: true, describe: describe}
		s, err := r.converse(ctx, c, g, func(c *conversation) (stream, error) { return c.session.reader.Index(c.ctx) }, nil)
		if err == nil {
			return c.index, nil
		}
		if try > 0 || s == nil || s.endError() == nil || ctx.Err() != nil {
			return nil, r.named("Reader.Index", err)
		}
	}
}

// Identify asks for some names at a time. A name that is no text is not known.
func (i identifying) Identify(ctx context.Context, names []string) ([]core.Identity, error) {
	out := make([]core.Identity, 0, len(names))
	for part := range slices.Chunk(names, wire.MaxNames) {
		texts := slices.Clone(part)
		for k, name := range texts {
			if wire.CheckText("name", name) != nil {
				texts[k] = ""
			}
		}
		ids, err := retry(ctx, i.of.instance, "Reader.Identify", func(s *session, handle uint64) ([]core.Identity, error) {
			reply, err := unary(ctx, s, s.reader.Identify, &zaggv1.IdentifyRequest{Handle: handle, Names: texts})
			if err != nil {
				return nil, err
			}
			ids, err := wire.IdentitiesFromProto(reply.Identities)
			if err == nil && len(ids) != len(texts) {
				err = fmt.Errorf("it gives %d identities for %d names", len(ids), len(texts))
			}
			if err != nil {
				return nil, s.wrong(err)
			}
			return ids, nil
		})
		if err != nil {
			return nil, err
		}
		out = append(out, ids...)
	}
	return out, nil
}

// converse has one conversation, from its start to its end.
func (r *reader) converse(ctx context.Context, c *conversation, g core.Granule, open func(*conversation) (stream, error), emit func(*core.Batch) error) (*session, error) {
	if err := wire.CheckGranule(&g); err != nil {
		return nil, err
	}
	s, handle, err := r.acquire(ctx)
	if err != nil {
		return s, err
	}
	var end context.CancelFunc
	c.session = s
	c.ctx, c.dog, end = guard(ctx, s)
	defer c.answering.Wait()
	defer end()
	start := &zaggv1.ReadStart{Handle: handle, Granule: wire.GranuleToProto(c.known(g)), Query: wire.QueryToProto(&c.query), Describe: c.describe}
	if c.stream, err = open(c); err != nil {
		return s, s.fail(ctx, c.ctx, err, nil, nil)
	}
	if err := c.send(&zaggv1.ReadToPlugin{Message: &zaggv1.ReadToPlugin_Start{Start: start}}); err != nil && !isEnd(err) {
		return s, s.fail(ctx, c.ctx, err, c.stream.Trailer(), nil)
	}
	batches := make(chan *core.Batch, batchesAhead)
	received := make(chan error, 1)
	go func() {
		defer close(batches)
		received <- c.listen(batches)
	}()
	for b := range batches {
		if err := emit(b); err != nil {
			end()
			<-received
			return s, err
		}
	}
	err = <-received
	switch wrong := (*protocolError)(nil); {
	case err == nil:
		s.answered.Store(true)
		return s, nil
	case errors.As(err, &wrong):
		return s, s.wrong(wrong.error)
	}
	return s, s.fail(ctx, c.ctx, err, c.stream.Trailer(), c.refusal)
}

// A protocolError is the plugin's breach of the protocol.
type protocolError struct{ error }
