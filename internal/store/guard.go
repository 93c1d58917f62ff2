package store

import (
	"context"
	"io"
	"sync/atomic"

	"github.com/englacial/zagg/core"
)

// A Guard is a store that is written only while a claim on it stands.
type Guard struct {
	core.ObjectStore
	held atomic.Pointer[Held] // nil: nothing is guarded yet
}

// Hold sets the claim.
func (g *Guard) Hold(h *Held) { g.held.Store(h) }

func (g *Guard) check() error {
	if h := g.held.Load(); h != nil {
		return h.Check()
	}
	return nil
}

// Put writes an object while the claim stands.
func (g *Guard) Put(ctx context.Context, url string, body io.Reader, opt core.PutOptions) error {
	if err := g.check(); err != nil {
		return err
	}
	return g.ObjectStore.Put(ctx, url, body, opt)
}

// Delete removes objects while the claim stands.
func (g *Guard) Delete(ctx context.Context, urls ...string) error {
	if err := g.check(); err != nil {
		return err
	}
	return g.ObjectStore.Delete(ctx, urls...)
}
