package hsds

// Changes of single objects of metadata.

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	mathrand "math/rand/v2"
	"slices"
	"strconv"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/core/objstore"
	"github.com/englacial/zagg/internal/hdfrest"
	"github.com/englacial/zagg/internal/hdfrest/pyjson"
)

// A writer is a domain that may be changed.
//
// Each change of an object of metadata reads it with its ETag and puts it on the condition that it still has that
// ETag. If it has another, everything is done again with what is there now. So no change is lost, whoever else
// changes the object.
type writer struct{ *domain }

var _ hdfrest.Writable = (*writer)(nil)

const (
	changeTries = 200
	changeBase  = 5 * time.Millisecond
	changeMost  = 300 * time.Millisecond
)

// again waits a random time before the next try of a change, longer the more tries there were. It gives up
// (Unavailable) after changeTries.
func again(ctx context.Context, try int, url string) error {
	if try >= changeTries {
		return core.Errorf(core.Unavailable, "hsds.Write", url, "others changed it first %d times", try)
	}
	wait := mathrand.N(min(changeMost, changeBase<<min(try, 10)))
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return core.Errorf(core.Unavailable, "hsds.Write", url, "others change it: %w", context.Cause(ctx))
	}
}

// lost reports whether an error is that of a Put whose condition does not hold, or of an object that is no longer
// there.
func lost(err error) bool {
	return errors.Is(err, objstore.ErrPrecondition) || core.Is(err, core.NotFound)
}

// tokensName is the member of an object of metadata that has the tokens of its last changes. By its token a change
// finds out that it was made although the answer was lost.
const tokensName = "zaggChanges"

const keptTokens = 64

func newToken() string {
	var b [8]byte
	rand.Read(b[:]) //nolint:errcheck // it never fails
	return hex.EncodeToString(b[:])
}

// summaryName is the name of a copy of all metadata that HSDS 1.0.2 makes and trusts: it is removed with each change.
const summaryName = ".summary.json"

// changing removes the summary while do changes something.
func (w *writer) changing(ctx context.Context, do func() error) error {
	w.changed.Store(true)
	var g errgroup.Group
	g.Go(func() error { return w.source.Delete(ctx, w.b.url(tree(w.v.meta.root)+summaryName)) })
	return errors.Join(do(), g.Wait())
}

// A change gives new values to members of an object; nil if nothing is to be changed. It may be called several times.
type change func(*objectMeta) ([]pyjson.Member, error)

// change changes one object.
func (w *writer) change(ctx context.Context, id hdfrest.ID, do change) error {
	token := newToken()
	url := w.b.url(objectKey(id))
	var wait waiter
	for try := 0; ; try++ {
		v, ok, err := w.free(ctx, id, &wait, try)
		if err != nil {
			return err
		}
		if !ok {
			continue
		}
		if try > 0 && hasToken(v.meta.members, token) {
			return nil
		}
		changed, err := do(v.meta)
		if err != nil || changed == nil {
			return err
		}
		members := slices.Clone(v.meta.members)
		members = set(members, "lastModified", number(now()))
		for _, m := range changed {
			members = set(members, m.Name, m.Value)
		}
		members = addToken(members, token)
		err = objstore.PutBytes(ctx, w.source, url, appendObject(nil, members), core.PutOptions{IfMatch: v.etag, ContentType: "application/json"})
		w.forget(id)
		if !lost(err) {
			return err
		}
		if err := again(ctx, try, url); err != nil {
			return err
		}
	}
}

// forget makes the next read of an object a new one.
func (d *domain) forget(id hdfrest.ID) {
	d.mu.Lock()
	defer d.mu.Unlock()
	delete(d.objects, id)
}

func hasToken(members []pyjson.Member, token string) bool {
	for _, m := range members {
		if m.Name == tokensName {
			return slices.ContainsFunc(m.Value.Items(), func(r pyjson.Raw) bool { return r.Text() == token })
		}
	}
	return false
}

func addToken(members []pyjson.Member, token string) []pyjson.Member {
	list := []pyjson.Raw{quoted(token)}
	for _, m := range members {
		if m.Name == tokensName {
			list = append(m.Value.Items(), list...)
		}
	}
	return set(members, tokensName, appendList(nil, list[max(0, len(list)-keptTokens):]))
}

// set gives a member a value, in its place or at the end; nil removes the member. It changes members in place.
func set(members []pyjson.Member, name string, value pyjson.Raw) []pyjson.Member {
	i := slices.IndexFunc(members, func(m pyjson.Member) bool { return m.Name == name })
	switch {
	case i < 0 && value == nil:
	case i < 0:
		members = append(members, pyjson.Member{Name: name, Value: value})
	case value == nil:
		members = slices.Delete(members, i, i+1)
	default:
		members[i].Value = value
	}
	return members
}

func now() float64 { return float64(time.Now().UnixMicro()) / 1e6 }

// number writes a time as a float, as Python does.
func number(f float64) pyjson.Raw {
	s := strconv.FormatFloat(f, 'f', -1, 64)
	if !slices.Contains([]byte(s), '.') {
		s += ".0"
	}
	return pyjson.Raw(s)
}

// quoted writes a string as JSON, with everything that is not ASCII as \u…, which all readers accept.
func quoted(s string) pyjson.Raw {
	b := []byte{'"'}
	for i := 0; i < len(s); {
		r, n := decodeRune(s[i:])
		switch {
		case r == '"' || r == '\\':
			b = append(b, '\\', byte(r))
		case r >= 0x20 && r < 0x7f:
			b = append(b, byte(r))
		case r >= 0x10000:
			r -= 0x10000
			b = fmt.Appendf(b, `\u%04x\u%04x`, 0xd800+r>>10, 0xdc00+r&0x3ff)
		default:
			b = fmt.Appendf(b, `\u%04x`, r)
		}
		i += n
	}
	return append(b, '"')
}

func appendObject(b []byte, members []pyjson.Member) []byte {
	b = append(b, '{')
	for i, m := range members {
		if i > 0 {
			b = append(b, ", "...)
		}
		b = append(append(b, quoted(m.Name)...), ": "...)
		b = append(b, m.Value...)
	}
	return append(b, '}')
}

func appendList(b []byte, items []pyjson.Raw) []byte {
	b = append(b, '[')
	for i, item := range items {
		if i > 0 {
			b = append(b, ", "...)
		}
		b = append(b, item...)
	}
	return append(b, ']')
}

func extentList(dims []uint64) pyjson.Raw {
	items := make([]pyjson.Raw, len(dims))
	for i, d := range dims {
		items[i] = strconv.AppendUint(nil, d, 10)
	}
	return appendList(nil, items)
}

// putNew makes an object that is not there yet. If there is one, same says whether it is what was to be made;
// otherwise the error is a conflict.
func (w *writer) putNew(ctx context.Context, id hdfrest.ID, text []byte, same func([]byte) bool) (made bool, err error) {
	url := w.b.url(objectKey(id))
	err = objstore.PutBytes(ctx, w.source, url, text, core.PutOptions{IfMatch: objstore.MustNotExist, ContentType: "application/json"})
	if !errors.Is(err, objstore.ErrPrecondition) {
		return err == nil, err
	}
	there, _, err := objstore.Get(ctx, w.source, url, "", maxMeta)
	switch {
	case err != nil:
		return false, err
	case string(there) == string(text):
		return true, nil // an earlier try whose answer was lost
	case same(there):
		return false, nil
	}
	return false, core.Errorf(core.Invalid, "hsds.Create", id.String(), "%w of this id with another content", hdfrest.ErrConflict)
}
