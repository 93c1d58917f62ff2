package remote

import (
	"context"
	"errors"
	"io"
	"slices"
	"sync"

	"google.golang.org/protobuf/proto"

	"github.com/englacial/zagg/core"
	zaggv1 "github.com/englacial/zagg/proto/zagg/v1"
)

// An instance is a thing in the plugin, whichever process has it at the moment.
type instance struct {
	plugin  *Plugin
	request *zaggv1.ConfigureRequest
	info    *zaggv1.Instance // what it said when it was made

	mu      sync.Mutex
	session *session // that knows handle
	handle  uint64
}

var errEarly = errors.New("it answered before it had heard everything")

// make configures the thing for the first time.
func (p *Plugin) make(ctx context.Context, kind zaggv1.Kind, name string, config core.Config) (*instance, error) {
	i := &instance{plugin: p, request: &zaggv1.ConfigureRequest{Kind: kind, Name: name, Config: slices.Clone(config)}}
	_, err := retry(ctx, i, func(*session, uint64) (struct{}, error) { return struct{}{}, nil })
	return i, err
}

// acquire is the living session and the thing's handle there; it configures the thing where it is new.
func (i *instance) acquire(ctx context.Context) (*session, uint64, error) {
	s, err := i.plugin.acquire(ctx)
	if err != nil {
		return nil, 0, err
	}
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.session == s {
		return s, i.handle, nil
	}
	made, err := unary(ctx, s, s.plugin.Configure, i.request)
	if err != nil {
		return s, 0, err
	}
	if made.Handle == 0 {
		return s, 0, s.wrong(errors.New("it made a thing without a handle"))
	}
	handle := made.Handle
	made.Handle = 0
	switch {
	case i.info == nil:
		i.info = made
	case !proto.Equal(i.info, made):
		return s, 0, s.wrong(errors.New("after a new start it describes " + i.request.Name + " in another way than before"))
	}
	i.session, i.handle = s, handle
	return s, handle, nil
}

// retry makes a call that can be repeated, and repeats it once if the plugin died of it.
func retry[T any](ctx context.Context, i *instance, call func(*session, uint64) (T, error)) (T, error) {
	for try := 0; ; try++ {
		var out T
		s, handle, err := i.acquire(ctx)
		if err == nil {
			out, err = call(s, handle)
		}
		if err == nil || s == nil || s.death() == nil || try > 0 || ctx.Err() != nil {
			return out, err
		}
	}
}

var _ io.Closer = (*instance)(nil)

// Close lets the thing go.
func (i *instance) Close() error {
	i.mu.Lock()
	defer i.mu.Unlock()
	s := i.session
	if s == nil || s.death() != nil {
		return nil
	}
	i.session = nil
	_, err := unary(context.Background(), s, s.plugin.Release, &zaggv1.Handle{Handle: i.handle})
	return err
}
