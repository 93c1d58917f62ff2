package store

import (
	"context"
	"io"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/core/objstore"
)

const claimed = "mem://out/x.zarr"

func claimant(id, work string) Claimant { return Claimant{RunID: id, Work: work, Config: "c-" + work} }

func acquire(t *testing.T, s core.ObjectStore, who Claimant) *Held {
	h, err := Acquire(t.Context(), s, claimed, who)
	require.NoError(t, err)
	return h
}

func holders(t *testing.T, s core.ObjectStore) []string {
	c, _, err := LoadClaim(t.Context(), s, claimed)
	require.NoError(t, err)
	ids := []string{}
	if c != nil {
		for _, h := range c.Holders {
			ids = append(ids, h.RunID)
		}
	}
	return ids
}

// Runs of the same work share a store; any other is refused, and names who is at work, until the last has ended.
func TestClaim(t *testing.T) {
	s := &objstore.Mem{}
	a, b := acquire(t, s, claimant("a", "w")), acquire(t, s, claimant("b", "w"))
	require.NoError(t, a.Advisory)
	alone := claimant("c", "w")
	alone.Alone = true
	for _, who := range []Claimant{claimant("c", "other"), alone} {
		_, err := Acquire(t.Context(), s, claimed, who)
		require.Equal(t, core.Invalid, core.CodeOf(err))
		require.ErrorContains(t, err, "run a (process ")
		require.ErrorContains(t, err, "zagg store unlock "+claimed)
	}
	require.Equal(t, []string{"a", "b"}, holders(t, s))
	require.NoError(t, a.Release(t.Context(), false))
	_, err := Acquire(t.Context(), s, claimed, claimant("c", "other"))
	require.ErrorContains(t, err, "run b (process ")
	require.NoError(t, b.Release(t.Context(), true), "its work goes on")
	require.Equal(t, []string{"b"}, holders(t, s))
	require.NoError(t, Leave(t.Context(), s, claimed, "b"))
	require.NoError(t, acquire(t, s, claimant("c", "other")).Release(t.Context(), false))

	alone.Began, alone.Seen = time.Now(), ""
	_, err = Acquire(t.Context(), s, claimed, alone)
	require.ErrorContains(t, err, "another run has finished on it since this one began")
	alone.Seen, err = ClaimState(t.Context(), s, claimed)
	require.NoError(t, err)
	owner := acquire(t, s, alone)
	_, err = Acquire(t.Context(), s, claimed, claimant("d", "w"))
	require.ErrorContains(t, err, "shares it with nobody")
	require.NoError(t, owner.Release(t.Context(), false))
}

// A run learns of others that share its store, and of those that were there since it looked.
func TestClaimTellsOfOthers(t *testing.T) {
	s, told := &objstore.Mem{}, map[string]int{}
	shared := func(id, seen string) Claimant {
		who := claimant(id, "w")
		who.Seen, who.Shared = seen, func() { told[id]++ }
		return who
	}
	a := acquire(t, s, shared("a", ""))
	require.NoError(t, a.renew(t.Context()))
	require.Empty(t, told)
	seen, err := ClaimState(t.Context(), s, claimed)
	require.NoError(t, err)
	b := acquire(t, s, shared("b", seen))
	require.NoError(t, a.renew(t.Context()))
	require.Equal(t, map[string]int{"a": 1, "b": 1}, told)
	require.NoError(t, a.Release(t.Context(), false))
	require.NoError(t, b.renew(t.Context()))
	require.NoError(t, b.Release(t.Context(), false))
	require.NoError(t, acquire(t, s, shared("late", seen)).Release(t.Context(), false))
	require.Equal(t, map[string]int{"a": 1, "b": 1, "late": 1}, told, "both have ended before it, but after it looked")
}

// Of many that want a store for different work at once, one gets it.
func TestClaimAtOnce(t *testing.T) {
	for name, open := range map[string]func() (core.ObjectStore, string){
		"memory": func() (core.ObjectStore, string) { return &objstore.Mem{}, claimed },
		"files":  func() (core.ObjectStore, string) { return &objstore.File{}, t.TempDir() + "/x.zarr" },
	} {
		s, url := open()
		var got []*Held
		var mu sync.Mutex
		var wg sync.WaitGroup
		for _, id := range strings.Split("abcdefgh", "") {
			wg.Go(func() {
				h, err := Acquire(t.Context(), s, url, claimant(id, id))
				mu.Lock()
				defer mu.Unlock()
				if err == nil {
					got = append(got, h)
				} else if !strings.Contains(err.Error(), "is at work on it") {
					t.Error(name, err)
				}
			})
		}
		wg.Wait()
		require.Len(t, got, 1, name)
		require.NoError(t, got[0].Release(t.Context(), false))
	}
}

// A claim that ran out is taken over, at once where its process is known to have ended, and the run that held it is told.
func TestClaimRunsOut(t *testing.T) {
	s := &objstore.Mem{}
	ended := exec.Command("sleep", "60")
	require.NoError(t, ended.Start())
	name := processName(ended.Process.Pid)
	require.NotEmpty(t, name)
	require.False(t, hasEnded(name))
	require.NoError(t, ended.Process.Kill())
	ended.Wait() //nolint:errcheck // it was killed
	require.True(t, hasEnded(name))
	require.False(t, hasEnded("another boot "+name[strings.IndexByte(name, ' ')+1:]))

	put := func(h Holder) {
		require.NoError(t, (&Claim{Work: "old", Holders: []Holder{h}}).save(t.Context(), s, claimed, "", false))
	}
	put(Holder{RunID: "gone", Process: name, Expires: time.Now().Add(time.Hour)})
	require.NoError(t, acquire(t, s, claimant("a", "w")).Release(t.Context(), false))

	put(Holder{RunID: "late", Expires: time.Now().Add(-time.Second)})
	var notes []string
	who := claimant("b", "w")
	who.Lasts, who.Note = 30*time.Millisecond, func(text string) { notes = append(notes, text) }
	b := acquire(t, s, who)
	require.Contains(t, strings.Join(notes, "\n"), "run late")
	require.NoError(t, b.Release(t.Context(), false))
}

// Who has lost a claim learns it, and writes nothing any more.
func TestClaimLost(t *testing.T) {
	s := &objstore.Mem{}
	told := make(chan error, 1)
	who := claimant("a", "w")
	who.Lasts, who.Lost = time.Hour, func(err error) { told <- err }
	h := acquire(t, s, who)
	guard := &Guard{ObjectStore: s}
	put := func() error {
		return objstore.PutBytes(t.Context(), guard, claimed+"/a", []byte("x"), core.PutOptions{})
	}
	require.NoError(t, put())
	guard.Hold(h)
	require.NoError(t, put())
	require.NoError(t, h.renew(t.Context()))
	require.NoError(t, h.Confirm(t.Context()))

	h.last = time.Now().Add(-50 * time.Minute)
	require.Equal(t, core.Unavailable, core.CodeOf(put()), "not renewed for long")
	require.NoError(t, h.renew(t.Context()))
	require.NoError(t, put())

	require.NoError(t, Unlock(t.Context(), s, claimed))
	require.Empty(t, holders(t, s))
	require.Error(t, h.Confirm(t.Context()))
	require.ErrorIs(t, h.renew(t.Context()), errTaken)
	require.ErrorIs(t, <-told, errTaken)
	require.ErrorIs(t, put(), errTaken)
	require.ErrorIs(t, guard.Delete(t.Context(), claimed+"/a"), errTaken)
	require.NoError(t, h.Release(t.Context(), false))
}

// deaf writes whatever the condition.
type deaf struct{ core.ObjectStore }

func (d deaf) Put(ctx context.Context, url string, body io.Reader, opt core.PutOptions) error {
	opt.IfMatch = ""
	return d.ObjectStore.Put(ctx, url, body, opt)
}

// strict refuses conditions.
type strict struct{ core.ObjectStore }

func (d strict) Put(ctx context.Context, url string, body io.Reader, opt core.PutOptions) error {
	if opt.IfMatch != "" {
		return core.Errorf(core.Unsupported, "strict", url, "no conditions here")
	}
	return d.ObjectStore.Put(ctx, url, body, opt)
}

// Where the store does not keep conditions that is found, and the claim is one all the same.
func TestClaimWithoutConditions(t *testing.T) {
	for _, s := range []core.ObjectStore{deaf{&objstore.Mem{}}, strict{&objstore.Mem{}}} {
		who := claimant("a", "w")
		who.Lasts = 30 * time.Second
		h := acquire(t, s, who)
		require.Equal(t, core.Unsupported, core.CodeOf(h.Advisory))
		_, err := Acquire(t.Context(), s, claimed, claimant("b", "other"))
		require.ErrorContains(t, err, "run a (process ")
		require.NoError(t, h.renew(t.Context()))
		require.NoError(t, h.Release(t.Context(), false))
		require.Empty(t, holders(t, s))
	}
}

// meanwhile does something once, between a claim's being read and its being written.
type meanwhile struct {
	core.ObjectStore
	do func()
}

func (m *meanwhile) Put(ctx context.Context, url string, body io.Reader, opt core.PutOptions) error {
	if do := m.do; do != nil {
		m.do = nil
		do()
	}
	return m.ObjectStore.Put(ctx, url, body, opt)
}

// Of two runs that begin at the same moment where no condition keeps them apart, the one that wrote last goes on.
func TestClaimWithoutConditionsAtTheSameMoment(t *testing.T) {
	s := &meanwhile{ObjectStore: deaf{&objstore.Mem{}}}
	run := func(id string) *Held {
		who := claimant(id, id)
		who.Lasts = time.Minute
		return &Held{objects: s, url: claimed, who: who, holder: Holder{RunID: id}, Advisory: errTaken}
	}
	first, last := run("first"), run("last")
	first.who.Lasts, last.who.Lasts = time.Millisecond, time.Hour
	s.do = func() { require.NoError(t, first.claim(t.Context(), false)) }
	require.NoError(t, last.claim(t.Context(), false))
	require.ErrorIs(t, first.settle(t.Context()), errTaken)
	require.Equal(t, []string{"last"}, holders(t, s))
	require.NoError(t, last.Confirm(t.Context()))
	ended, stop := context.WithCancel(t.Context())
	stop()
	require.Equal(t, core.Unavailable, core.CodeOf(last.settle(ended)))
}

// A claim that cannot be read keeps everybody away until it is unlocked.
func TestClaimDamaged(t *testing.T) {
	s := &objstore.Mem{}
	require.NoError(t, objstore.PutBytes(t.Context(), s, At(claimed).Claim(), []byte("{"), core.PutOptions{}))
	_, err := Acquire(t.Context(), s, claimed, claimant("a", "w"))
	require.Equal(t, core.Corrupt, core.CodeOf(err))
	require.ErrorContains(t, err, "zagg store unlock "+claimed)
	require.NoError(t, Unlock(t.Context(), s, claimed))
	require.NoError(t, acquire(t, s, claimant("a", "w")).Release(t.Context(), false))
}
