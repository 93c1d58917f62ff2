package remote

import (
	"context"
	"hash/maphash"
	"slices"
	"sync"
	"time"

	"google.golang.org/grpc"

	"github.com/englacial/zagg/internal/wire"
	zaggv1 "github.com/englacial/zagg/proto/zagg/v1"
)

// Bounds of what is uploaded and kept in a plugin process.
const (
	inlineBytes = 16 << 10         // smaller values travel with every call
	keptBytes   = 256 << 20        // unused values beyond this are dropped, the longest unused first (Options.Keep)
	keptFor     = 10 * time.Second // so long after its last use
)

// values are the columns of groups that a process has. Several statistics of one shard take the same columns, and each crosses the
// border once: they are known again by what is in them, two 64-bit hashes under seeds of this process, so that it does not matter
// who computes what from where.
type values struct {
	session *session
	seeds   [2]maphash.Seed

	mu     sync.Mutex
	last   uint64
	kept   map[valueKey]*value
	bytes  int64 // of kept
	sweep  *time.Timer
	closed bool
}

type valueKey struct {
	hash [2]uint64
	n    int
}

// A value is one upload.
type value struct {
	key   valueKey
	id    uint64
	uses  int
	used  time.Time
	ready chan struct{} // closed when it is there, or err says why not
	err   error
}

func newValues(s *session) *values {
	return &values{session: s, seeds: [2]maphash.Seed{maphash.MakeSeed(), maphash.MakeSeed()}, kept: map[valueKey]*value{}}
}

// A lease is the values that one call uses.
type lease struct {
	values *values
	held   []*value
	fresh  []upload
}

// An upload is a value that is not there yet.
type upload struct {
	value *value
	parts [][]byte
}

// put names bytes, one part after another, for a request.
func (l *lease) put(parts ...[]byte) *zaggv1.Value {
	n := 0
	for _, p := range parts {
		n += len(p)
	}
	if n <= inlineBytes {
		return &zaggv1.Value{Data: slices.Concat(parts...)}
	}
	key := valueKey{n: n}
	for i, seed := range l.values.seeds {
		var h maphash.Hash
		h.SetSeed(seed)
		for _, p := range parts {
			_, _ = h.Write(p) // never fails
		}
		key.hash[i] = h.Sum64()
	}
	v, fresh := l.values.use(key)
	l.held = append(l.held, v)
	if fresh {
		l.fresh = append(l.fresh, upload{value: v, parts: parts})
	}
	return &zaggv1.Value{Id: v.id}
}

// use finds a value or makes it, to be uploaded by the caller.
func (vs *values) use(key valueKey) (v *value, fresh bool) {
	vs.mu.Lock()
	defer vs.mu.Unlock()
	v = vs.kept[key]
	if v == nil {
		vs.last++
		v, fresh = &value{key: key, id: vs.last, ready: make(chan struct{})}, true
		vs.kept[key] = v
		vs.bytes += int64(key.n)
	}
	v.uses++
	return v, fresh
}

// upload brings what is not there yet and waits for what others bring. What others may be waiting for is brought even if ctx ends.
func (l *lease) upload(ctx context.Context) error {
	if len(l.fresh) > 0 {
		err := l.values.send(context.WithoutCancel(ctx), l.fresh)
		l.values.settle(l.fresh, err)
		l.fresh = nil
		if err != nil {
			return err
		}
	}
	for _, v := range l.held {
		select {
		case <-v.ready:
			if v.err != nil {
				return v.err
			}
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return nil
}

// settle says that values are there, or forgets them.
func (vs *values) settle(uploads []upload, err error) {
	vs.mu.Lock()
	defer vs.mu.Unlock()
	for _, u := range uploads {
		if err != nil {
			delete(vs.kept, u.value.key)
			vs.bytes -= int64(u.value.key.n)
		}
		u.value.err = err
		close(u.value.ready)
	}
}

func (vs *values) send(ctx context.Context, uploads []upload) error {
	s := vs.session
	within, dog, end := guard(ctx, s)
	defer end()
	stream, err := s.statistic.Upload(within)
	if err != nil {
		return s.fail(ctx, within, err, nil, nil)
	}
	for _, u := range uploads {
		for _, part := range u.parts {
			for len(part) > 0 {
				n := min(len(part), wire.FrameBytes)
				frame := &zaggv1.UploadFrame{Id: u.value.id, Bytes: uint64(u.value.key.n), Data: part[:n]}
				if err := stream.Send(frame); err != nil {
					return s.uploadFailed(ctx, within, stream)
				}
				dog.feed()
				part = part[n:]
			}
		}
	}
	if _, err := stream.CloseAndRecv(); err != nil {
		return s.fail(ctx, within, err, stream.Trailer(), nil)
	}
	return nil
}

// uploadFailed finds out why a plugin stopped listening.
func (s *session) uploadFailed(ctx, within context.Context, stream grpc.ClientStreamingClient[zaggv1.UploadFrame, zaggv1.Empty]) error {
	_, err := stream.CloseAndRecv()
	if err == nil {
		return s.wrong(errEarly)
	}
	return s.fail(ctx, within, err, stream.Trailer(), nil)
}

// release gives values back; what is kept too long or is too much is dropped in the plugin.
func (l *lease) release() {
	if len(l.fresh) > 0 { // never sent
		l.values.settle(l.fresh, context.Canceled)
	}
	vs := l.values
	vs.mu.Lock()
	defer vs.mu.Unlock()
	for _, v := range l.held {
		v.uses--
		v.used = time.Now()
	}
	vs.drop(time.Now())
}

// drop forgets unused values; vs.mu is held.
func (vs *values) drop(now time.Time) {
	var unused []*value
	for _, v := range vs.kept {
		if v.uses == 0 {
			unused = append(unused, v)
		}
	}
	slices.SortFunc(unused, func(a, b *value) int { return a.used.Compare(b.used) })
	var ids []uint64
	left := len(unused)
	for _, v := range unused {
		if vs.bytes <= vs.session.options.Keep && now.Sub(v.used) < keptFor {
			break
		}
		delete(vs.kept, v.key)
		vs.bytes -= int64(v.key.n)
		ids = append(ids, v.id)
		left--
	}
	if len(ids) > 0 && !vs.closed {
		go vs.forget(ids)
	}
	if left > 0 && vs.sweep == nil && !vs.closed {
		vs.sweep = time.AfterFunc(keptFor, func() {
			vs.mu.Lock()
			defer vs.mu.Unlock()
			vs.sweep = nil
			vs.drop(time.Now())
		})
	}
}

// forget has the plugin drop values. If that fails, it is the plugin's memory and it will show in other calls.
func (vs *values) forget(ids []uint64) {
	_, _ = unary(context.Background(), vs.session, vs.session.statistic.Drop, &zaggv1.DropRequest{Ids: ids})
}

func (vs *values) close() {
	vs.mu.Lock()
	defer vs.mu.Unlock()
	vs.closed = true
	if vs.sweep != nil {
		vs.sweep.Stop()
	}
}
