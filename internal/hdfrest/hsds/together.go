package hsds

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/core/objstore"
	"github.com/englacial/zagg/internal/hdfrest"
	"github.com/englacial/zagg/internal/hdfrest/pyjson"
)

// A change of the metadata of several objects is described by one object, an intent. First each object gets a member
// that says what it will be and for which intent. Then the intent is put as made, which makes the change visible in
// all of them at once for every reader. Then each object is put as it is now. An intent whose maker has stopped
// before it was made is put as given up by whoever needs one of the objects; nothing has changed then.

// intentSuffix is what the keys of intents end with.
const intentSuffix = ".change"

// intentKey is the key of an intent, in the folder of journals of its domain.
func intentKey(root hdfrest.ID, token string) string {
	return journalFolder + half(root) + "/" + token + intentSuffix
}

// The states of an intent.
const (
	intentOpen    = "open"
	intentMade    = "made"
	intentGivenUp = "given up"
	intentGone    = "" // it is not there: settled, or given up by somebody else
)

// An intent is a change of several objects that is under way, as it is stored.
type intent struct {
	State   string    `json:"state"`
	Until   time.Time `json:"until"` // when its maker has given it up, if he does not put it anew
	Objects []string  `json:"objects"`
	etag    string
}

func (d *domain) intentURL(token string) string {
	return d.b.url(intentKey(d.v.meta.root, token))
}

// intent reads an intent; the state of one that is not there is intentGone.
func (d *domain) intent(ctx context.Context, token string) (*intent, error) {
	n := &intent{}
	etag, _, err := getJSON(ctx, d.source, d.intentURL(token), n)
	n.etag = etag
	return n, err
}

// Members of objects of metadata that are zagg's own.
const (
	pendingName  = "zaggPending"  // what the object will be: {"token", "members": {name: value}}
	togetherName = "zaggTogether" // the last changes it had together with others: [{"token", "at", "objects": […]}]
)

// A pending is what an object will be once an intent is made.
type pending struct {
	token   string
	members []pyjson.Member
}

func parsePending(m pyjson.Raw) *pending {
	if m.Kind() != pyjson.Object {
		return nil
	}
	return &pending{m.Get("token").Text(), m.Get("members").Members()}
}

func (p *pending) json() pyjson.Raw {
	return appendObject(nil, []pyjson.Member{{Name: "token", Value: quoted(p.token)}, {Name: "members", Value: appendObject(nil, p.members)}})
}

// A joint is a change that an object had together with others. Readers compare these lists to notice that they have
// read one object before a change and another one after it.
type joint struct {
	token   string
	at      float64
	objects []string // nil: more than are listed
}

const (
	keptJoints  = 8
	mostObjects = 32   // that are listed in a joint
	jointAge    = 3600 // seconds after which nobody reads what was before
)

func parseJoints(m pyjson.Raw) []joint {
	var out []joint
	for _, r := range m.Items() {
		j := joint{token: r.Get("token").Text(), at: seconds(r.Get("at"))}
		for _, id := range r.Get("objects").Items() {
			j.objects = append(j.objects, id.Text())
		}
		out = append(out, j)
	}
	return out
}

// addJoint notes in an object's members that it had a change together with others; the last keptJoints are kept.
func addJoint(members []pyjson.Member, token string, objects []string) []pyjson.Member {
	var list []pyjson.Raw
	for _, m := range members {
		if m.Name == togetherName {
			list = m.Value.Items()
		}
	}
	var ids []pyjson.Raw
	if len(objects) <= mostObjects {
		for _, id := range objects {
			ids = append(ids, quoted(id))
		}
	}
	list = append(slices.Clone(list), appendObject(nil, []pyjson.Member{{Name: "token", Value: quoted(token)}, {Name: "at", Value: number(now())}, {Name: "objects", Value: appendList(nil, ids)}}))
	return set(members, togetherName, appendList(nil, list[max(0, len(list)-keptJoints):]))
}

// settled is the members of an object without what is pending: as they will be if the intent is made, otherwise as
// they are.
func (o *objectMeta) settled(n *intent) []pyjson.Member {
	members := set(slices.Clone(o.members), pendingName, nil)
	if n.State != intentMade {
		return members
	}
	for _, m := range o.pending.members {
		members = set(members, m.Name, m.Value)
	}
	return addToken(addJoint(members, o.pending.token, n.Objects), o.pending.token)
}

// decided is an object as readers see it: its intent decides about what is pending. open is an intent that may still
// be made.
func (d *domain) decided(ctx context.Context, v version[*objectMeta]) (out version[*objectMeta], open *intent, err error) {
	for try := 0; v.meta.pending != nil; try++ {
		n, err := d.intent(ctx, v.meta.pending.token)
		if err != nil {
			return v, nil, err
		}
		if n.State == intentGone { // if the object is still the same, its maker came too late with it
			again, err := d.raw(ctx, v.meta.id)
			if err != nil {
				return v, nil, err
			}
			if again.etag != v.etag {
				v = again
				continue
			}
		}
		if v.meta, err = parseObject(v.meta.id, appendObject(nil, v.meta.settled(n))); err != nil {
			return v, nil, core.Errorf(core.Corrupt, "hsds", v.url, "%w", err)
		}
		if n.State == intentOpen {
			open = n
		}
		v.made = n.State == intentMade
		return v, open, nil
	}
	return v, nil, nil
}

// free returns an object that may be changed. It waits until what is pending is decided, and decides it if its maker
// is gone; ok is false if the caller must try again.
func (w *writer) free(ctx context.Context, id hdfrest.ID, wait *waiter, try int) (v version[*objectMeta], ok bool, err error) {
	raw, err := w.raw(ctx, id)
	if err != nil {
		return v, false, err
	}
	v, open, err := w.decided(ctx, raw)
	if err != nil || open == nil {
		return v, err == nil, err
	}
	if wait.givenUp(open.etag, open.Until, w.s.options.Lease) {
		return v, false, w.settle(ctx, raw.meta.pending.token)
	}
	return v, false, again(ctx, min(try, changeTries/2), v.url)
}

// settle ends a change whose maker is gone: if it was decided to be made it is made, otherwise it is given up.
func (w *writer) settle(ctx context.Context, token string) error {
	n, err := w.intent(ctx, token)
	if err != nil || n.State == intentGone {
		return err
	}
	if n.State == intentOpen {
		n.State = intentGivenUp
		switch err := putJSON(ctx, w.source, w.intentURL(token), n, n.etag); {
		case lost(err):
			return nil // it is another's, or was decided
		case err != nil:
			return err
		}
	}
	return w.end(ctx, token, n)
}

// end puts every object of a decided intent as it is now, and then removes the intent.
func (w *writer) end(ctx context.Context, token string, n *intent) error {
	g, gctx := errgroup.WithContext(ctx)
	g.SetLimit(16)
	for _, text := range n.Objects {
		id, ok := hdfrest.ParseID(text)
		if !ok {
			continue
		}
		g.Go(func() error { return w.endOne(gctx, id, token, n) })
	}
	if err := g.Wait(); err != nil {
		return err
	}
	return w.source.Delete(ctx, w.intentURL(token))
}

func (w *writer) endOne(ctx context.Context, id hdfrest.ID, token string, n *intent) error {
	for try := 0; ; try++ {
		v, err := w.raw(ctx, id)
		if core.Is(err, core.NotFound) {
			return nil
		}
		if err != nil || v.meta.pending == nil || v.meta.pending.token != token {
			return err
		}
		err = objstore.PutBytes(ctx, w.source, v.url, appendObject(nil, v.meta.settled(n)), core.PutOptions{IfMatch: v.etag, ContentType: "application/json"})
		w.forget(id)
		if !lost(err) {
			return err
		}
		if err := again(ctx, try, v.url); err != nil {
			return err
		}
	}
}

// An edit is the change of one object.
type edit struct {
	id hdfrest.ID
	do change
}

// errBusy is the error of an object that another change holds.
var errBusy = core.Errorf(core.Unavailable, "hsds.Write", "", "another change of several objects is under way")

// together changes objects: all of them or, with an error, none, and for every reader at once.
func (w *writer) together(ctx context.Context, edits []edit) error {
	edits = merged(edits)
	if len(edits) == 0 {
		return nil
	}
	if len(edits) == 1 {
		return w.change(ctx, edits[0].id, edits[0].do)
	}
	waits := make([]waiter, len(edits))
	for try := 0; ; try++ {
		err := w.tryTogether(ctx, edits, waits)
		if !errors.Is(err, errBusy) {
			return err
		}
		if err := again(ctx, try, edits[0].id.String()); err != nil {
			return err
		}
	}
}

// merged sorts edits by their objects and merges those of the same object. The order is the same for everybody, so
// that two changes meet at their first common object.
func merged(edits []edit) []edit {
	edits = slices.Clone(edits)
	slices.SortStableFunc(edits, func(a, b edit) int { return strings.Compare(a.id.String(), b.id.String()) })
	var out []edit
	for _, e := range edits {
		if n := len(out); n > 0 && out[n-1].id == e.id {
			out[n-1].do = both(out[n-1].do, e.do)
		} else {
			out = append(out, e)
		}
	}
	return out
}

// both is one change after the other, as one.
func both(first, second change) change {
	return func(o *objectMeta) ([]pyjson.Member, error) {
		changed, err := first(o)
		if err != nil {
			return nil, err
		}
		members := slices.Clone(o.members)
		for _, m := range changed {
			members = set(members, m.Name, m.Value)
		}
		between, err := parseObject(o.id, appendObject(nil, members))
		if err != nil {
			return nil, core.Errorf(core.Invalid, "hsds.Write", o.id.String(), "%w", err)
		}
		more, err := second(between)
		if err != nil {
			return nil, err
		}
		for _, m := range more {
			changed = set(changed, m.Name, m.Value)
		}
		return changed, nil
	}
}

func (w *writer) tryTogether(ctx context.Context, edits []edit, waits []waiter) error {
	if some, err := w.needed(ctx, edits); err != nil || len(some) == 0 {
		return err
	} else if len(some) == 1 {
		return w.change(ctx, some[0].id, some[0].do)
	}
	token := newToken()
	began := time.Now()
	n := &intent{State: intentOpen, Until: began.Add(w.s.options.Lease)}
	for _, e := range edits {
		n.Objects = append(n.Objects, e.id.String())
	}
	if err := putJSON(ctx, w.source, w.intentURL(token), n, ""); err != nil {
		return err
	}
	err := w.renewing(ctx, began, func(ctx context.Context) (bool, error) { return w.renewIntent(ctx, token) }, func(ctx context.Context) error {
		if err := w.prepareAll(ctx, token, edits, waits); err != nil {
			return err
		}
		return w.decide(ctx, token)
	})
	end, cancel := rollbackContext(ctx)
	defer cancel()
	if err == nil {
		n.State = intentMade
		w.end(end, token, n) //nolint:errcheck // it is made; who needs one of the objects puts it as it is
		return nil
	}
	return w.undecided(end, token, err)
}

// needed are the edits that change something. What is impossible is refused before anything is put.
func (w *writer) needed(ctx context.Context, edits []edit) ([]edit, error) {
	change := make([]bool, len(edits))
	g, gctx := errgroup.WithContext(ctx)
	g.SetLimit(16)
	for i, e := range edits {
		g.Go(func() error {
			v, err := w.fresh(gctx, e.id)
			if err != nil {
				return err
			}
			changed, err := e.do(v.meta)
			change[i] = changed != nil
			return err
		})
	}
	err := g.Wait()
	var out []edit
	for i, e := range edits {
		if change[i] {
			out = append(out, e)
		}
	}
	return out, err
}

// undecided gives up a change that could not be made. If it was made and only the answer was lost, that is a success.
func (w *writer) undecided(ctx context.Context, token string, err error) error {
	n, err2 := w.intent(ctx, token)
	if err2 != nil {
		return errors.Join(err, err2)
	}
	if n.State == intentMade {
		w.end(ctx, token, n) //nolint:errcheck // it is made
		return nil
	}
	if err2 := w.settle(ctx, token); err2 != nil {
		return errors.Join(err, err2)
	}
	return err
}

// renewIntent puts an intent again as long as it is open; false if it is no longer the caller's.
func (w *writer) renewIntent(ctx context.Context, token string) (bool, error) {
	n, err := w.intent(ctx, token)
	if err != nil || n.State != intentOpen {
		return n.State == intentMade, err
	}
	n.Until = time.Now().Add(w.s.options.Lease)
	err = putJSON(ctx, w.source, w.intentURL(token), n, n.etag)
	if lost(err) {
		n, err = w.intent(ctx, token) // it may have been this one, whose answer was lost
		return n.State == intentOpen || n.State == intentMade, err
	}
	return err == nil, err
}

// decide makes a change whose objects are all prepared.
func (w *writer) decide(ctx context.Context, token string) error {
	for {
		n, err := w.intent(ctx, token)
		switch {
		case err != nil:
			return err
		case n.State == intentMade:
			return nil // an earlier try whose answer was lost
		case n.State != intentOpen:
			return core.Errorf(core.Unavailable, "hsds.Write", w.name.Path, "%w", errTakenOver)
		}
		n.State = intentMade
		if err := putJSON(ctx, w.source, w.intentURL(token), n, n.etag); !lost(err) {
			return err
		}
	}
}

// prepareAll puts in all objects what they will be. Whoever comes second waits at the first object. At any other
// object that is held by a change that began elsewhere it gives way, so that two changes never wait for each other.
func (w *writer) prepareAll(ctx context.Context, token string, edits []edit, waits []waiter) error {
	if err := w.prepare(ctx, token, edits[0], &waits[0], true); err != nil {
		return err
	}
	g, gctx := errgroup.WithContext(ctx)
	g.SetLimit(16)
	for i := 1; i < len(edits); i++ {
		g.Go(func() error { return w.prepare(gctx, token, edits[i], &waits[i], false) })
	}
	return g.Wait()
}

func (w *writer) prepare(ctx context.Context, token string, e edit, wait *waiter, patient bool) error {
	for try := 0; ; try++ {
		raw, err := w.raw(ctx, e.id)
		if err != nil {
			return err
		}
		if p := raw.meta.pending; p != nil && p.token == token {
			return nil // an earlier try whose answer was lost
		}
		v, ok, err := w.free(ctx, e.id, wait, try)
		switch {
		case err != nil:
			return err
		case !ok && !patient:
			return errBusy
		case !ok:
			continue
		}
		changed, err := e.do(v.meta)
		if err != nil || changed == nil {
			return err
		}
		changed = append(slices.Clone(changed), pyjson.Member{Name: "lastModified", Value: number(now())})
		p := &pending{token, changed}
		members := set(slices.Clone(v.meta.members), pendingName, p.json())
		err = objstore.PutBytes(ctx, w.source, v.url, appendObject(nil, members), core.PutOptions{IfMatch: v.etag, ContentType: "application/json"})
		w.forget(e.id)
		if !lost(err) {
			return err
		}
		if err := again(ctx, try, v.url); err != nil {
			return err
		}
	}
}
