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

	mu   sync.Mutex
	info *zaggv1.Instance    // what it said when it was made
	made map[*worker]*handle // by the process that knows it
}

// A handle is what a process calls a thing.
type handle struct {
	mu      sync.Mutex
	session *session
	number  uint64
}

var errEarly = errors.New("it answered before it had heard everything")

// make configures the thing for the first time.
func (p *Plugin) make(ctx context.Context, kind zaggv1.Kind, name string, config core.Config) (*instance, error) {
	i := &instance{plugin: p, made: map[*worker]*handle{}, request: &zaggv1.ConfigureRequest{Kind: kind, Name: name, Config: slices.Clone(config)}}
	_, err := retry(ctx, i, "", func(*session, uint64) (struct{}, error) { return struct{}{}, nil })
	return i, err
}

// acquire is a living session, that of the process with the least to do, and the thing's handle there; it configures the thing where it is new.
func (i *instance) acquire(ctx context.Context) (*session, uint64, error) {
	w := i.plugin.pick()
	s, err := w.acquire(ctx)
	if err != nil {
		return nil, 0, err
	}
	i.mu.Lock()
	h := i.made[w]
	if h == nil {
		h = &handle{}
		i.made[w] = h
	}
	i.mu.Unlock()
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.session == s {
		return s, h.number, nil
	}
	made, err := unary(ctx, s, s.plugin.Configure, i.request)
	if err == nil && made.Handle == 0 {
		err = s.wrong(errors.New("it made a thing without a handle"))
	}
	if err != nil {
		return s, 0, i.named("Plugin.Configure", err)
	}
	number := made.Handle
	made.Handle = 0
	if !i.describes(made) {
		return s, 0, i.named("Plugin.Configure", s.wrong(errors.New("after a new start it describes it in another way than before")))
	}
	h.session, h.number = s, number
	return s, number, nil
}

// describes takes what a process says of the thing; false where another process said something else.
func (i *instance) describes(made *zaggv1.Instance) bool {
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.info == nil {
		i.info = made
	}
	return proto.Equal(i.info, made)
}

// wrong is an answer that breaks the protocol.
func (i *instance) wrong(err error) error {
	return core.Errorf(core.Internal, "plugin", i.plugin.options.Name, "%w", err)
}

// retry makes a call that can be repeated, and repeats it once if the plugin died of it. method is its name, for errors; "": they have it.
func retry[T any](ctx context.Context, i *instance, method string, call func(*session, uint64) (T, error)) (T, error) {
	for try := 0; ; try++ {
		var out T
		s, handle, err := i.acquire(ctx)
		if err == nil {
			out, err = call(s, handle)
		}
		if err == nil || s == nil || s.endError() == nil || try > 0 || ctx.Err() != nil {
			return out, i.named(method, err)
		}
	}
}

// named says in an error of the border which call of which thing it was. What the plugin's code says of its own accord stays as it is.
func (i *instance) named(method string, err error) error {
	e, ok := err.(*core.Error)
	if !ok || e.Op != "plugin" || method == "" {
		return err
	}
	return core.Wrapf(err, "plugin", e.Subject, "%s of %s: %w", method, i.request.Name, e.Err)
}

var _ io.Closer = (*instance)(nil)

// Close lets the thing go.
func (i *instance) Close() error {
	i.mu.Lock()
	made := i.made
	i.made = map[*worker]*handle{}
	i.mu.Unlock()
	var errs []error
	for _, h := range made {
		h.mu.Lock()
		if s := h.session; s != nil && s.endError() == nil {
			_, err := unary(context.Background(), s, s.plugin.Release, &zaggv1.Handle{Handle: h.number})
			errs = append(errs, err)
		}
		h.mu.Unlock()
	}
	return errors.Join(errs...)
}
