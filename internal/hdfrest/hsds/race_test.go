package hsds_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/core/objstore"
	"github.com/englacial/zagg/internal/hdfrest"
	"github.com/englacial/zagg/internal/hdfrest/hsds"
)

// A faulty source fails some Puts before and some after they are made, and some GETs; a killed one fails all for good.
type faulty struct {
	hsds.Source
	mu     sync.Mutex
	random *rand.Rand
	rate   float64
	left   int // requests until the process is killed; negative: it is not
}

func (f *faulty) fails() (before, after bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.left == 0 {
		return true, true
	}
	f.left--
	x := f.random.Float64()
	return x < f.rate/2, x < f.rate
}

func errInjected(url string) error { return core.Errorf(core.Unavailable, "test", url, "injected") }

func (f *faulty) Put(ctx context.Context, u string, body io.Reader, opt core.PutOptions) error {
	before, after := f.fails()
	if before {
		return errInjected(u)
	}
	err := f.Source.Put(ctx, u, body, opt)
	if after && err == nil {
		return errInjected(u) // it is made, and the answer lost
	}
	return err
}

func (f *faulty) Delete(ctx context.Context, urls ...string) error {
	if before, _ := f.fails(); before {
		return errInjected(urls[0])
	}
	return f.Source.Delete(ctx, urls...)
}

func (f *faulty) Get(ctx context.Context, u, known string, limit int64) ([]byte, core.ObjectInfo, error) {
	if before, _ := f.fails(); before {
		return nil, core.ObjectInfo{}, errInjected(u)
	}
	return objstore.Get(ctx, f.Source, u, known, limit)
}

// A racer is one process that changes the domain.
type racer struct {
	t      *testing.T
	number int
	s      *hdfrest.Server
}

func (r *racer) ask(method, path string, q url.Values, body any) *hdfrest.Response {
	v := url.Values{"domain": {"/race.h5"}}
	for k, x := range q {
		v[k] = x
	}
	h := http.Header{}
	var text []byte
	switch b := body.(type) {
	case nil:
	case []byte:
		text = b
		h.Set("Content-Type", "application/octet-stream")
	default:
		text, _ = json.Marshal(b)
	}
	return r.s.Serve(r.t.Context(), &hdfrest.Request{Method: method, Path: path, Query: v, Header: h, Body: text})
}

// A write is one of a slab of rows and columns, all of it with one number that no other write has.
type write struct {
	value          uint32
	r0, r1, c0, c1 int
	acked          bool
}

const raceRows, raceCols = 24, 24

// raceStore is a process's own store over the shared folder.
func raceStore(folder hsds.Source, seed uint64, rate float64, left int) *hdfrest.Server {
	src := &faulty{Source: folder, random: rand.New(rand.NewPCG(seed, 1)), rate: rate, left: left}
	s := hsds.New(hsds.Options{Bucket: hsds.One(bucketName, src, ""), Write: true, Unconditional: true, Lease: 600 * time.Millisecond, Retry: objstore.Policy{Attempts: 8, Base: time.Millisecond, Max: 20 * time.Millisecond}})
	return hdfrest.New(hdfrest.Config{Store: s, Bucket: bucketName})
}

// Writers of one domain in processes of their own change slabs of one dataset, append to another, and make links and attributes.
// Answers are lost, requests fail, and some processes are killed. Then all that was acknowledged is there, and the slabs are
// those of some order of the writes. ZAGG_RACE=RUNSxWRITERS makes it larger.
func TestRaces(t *testing.T) {
	runs, writers := 2, 8
	if size := os.Getenv("ZAGG_RACE"); size != "" {
		_, err := fmt.Sscanf(size, "%dx%d", &runs, &writers)
		require.NoError(t, err)
	}
	for run := range runs {
		t.Run(strconv.Itoa(run), func(t *testing.T) { race(t, uint64(run), writers) })
	}
}

func race(t *testing.T, seed uint64, writers int) {
	folder, err := hsds.OpenFolder(t.TempDir())
	require.NoError(t, err)
	calm := &racer{t, -1, raceStore(folder, 0, 0, -1)}
	made := func(r *hdfrest.Response) (id string) {
		require.Equal(t, 201, r.Status, "%s %s", r.Body, r.Header.Get("X-Hdf-Error"))
		var o struct{ ID, Root string }
		require.NoError(t, json.Unmarshal(r.Body, &o))
		if o.ID == "" {
			return o.Root
		}
		return o.ID
	}
	root := made(calm.ask("PUT", "/", nil, nil))
	slab := made(calm.ask("POST", "/datasets", nil, map[string]any{"type": "H5T_STD_U32LE", "shape": []int{raceRows, raceCols}, "link": map[string]any{"id": root, "name": "slab"},
		"creationProperties": map[string]any{"layout": map[string]any{"class": "H5D_CHUNKED", "dims": []int{10, 10}}, "filters": []any{map[string]any{"class": "H5Z_FILTER_DEFLATE", "id": 1, "level": 1}}}}))
	tail := made(calm.ask("POST", "/datasets", nil, map[string]any{"type": "H5T_STD_U32LE", "shape": []int{0}, "maxdims": []any{0}, "link": map[string]any{"id": root, "name": "tail"},
		"creationProperties": map[string]any{"layout": map[string]any{"class": "H5D_CHUNKED", "dims": []int{7}}}}))

	flag := made(calm.ask("POST", "/datasets", nil, map[string]any{"type": "H5T_STD_U32LE", "shape": []int{30}, "link": map[string]any{"id": root, "name": "flag"},
		"creationProperties": map[string]any{"layout": map[string]any{"class": "H5D_CHUNKED", "dims": []int{8}}}}))
	j := &joined{t: t, root: root, flag: flag, acked: map[uint32]bool{}}
	for _, name := range []string{"a", "b", "c"} {
		j.groups = append(j.groups, made(calm.ask("POST", "/groups", nil, map[string]any{"link": map[string]any{"id": root, "name": name}})))
	}

	var mu sync.Mutex
	var writes []*write
	names := map[string]bool{}    // links and attributes that were acknowledged
	appended := map[uint32]bool{} // acknowledged
	var wg sync.WaitGroup
	for n := range writers {
		wg.Go(func() {
			random := rand.New(rand.NewPCG(seed, uint64(n)))
			left := -1
			if n%8 == 7 {
				left = 20 + random.IntN(60)
			}
			me := &racer{t, n, raceStore(folder, seed*1000+uint64(n), 0.02, left)}
			for k := range 6 {
				value := uint32(1 + n*100 + k)
				switch random.IntN(6) {
				case 4:
					j.change(me, value)
				case 5:
					me.ask("PUT", "/datasets/"+flag+"/value", nil, bytes.Repeat(binary.LittleEndian.AppendUint32(nil, value), 30))
				case 0, 1:
					w := &write{value: value}
					w.r0, w.c0 = random.IntN(raceRows), random.IntN(raceCols)
					w.r1, w.c1 = w.r0+1+random.IntN(raceRows-w.r0), w.c0+1+random.IntN(raceCols-w.c0)
					mu.Lock()
					writes = append(writes, w)
					mu.Unlock()
					data := bytes.Repeat(binary.LittleEndian.AppendUint32(nil, value), (w.r1-w.r0)*(w.c1-w.c0))
					sel := fmt.Sprintf("[%d:%d,%d:%d]", w.r0, w.r1, w.c0, w.c1)
					w.acked = me.ask("PUT", "/datasets/"+slab+"/value", url.Values{"select": {sel}}, data).Status == 200
				case 2:
					name := fmt.Sprintf("n%d", value)
					if me.ask("PUT", "/groups/"+root+"/links/"+name, nil, map[string]any{"id": root}).Status == 201 {
						mu.Lock()
						names["links/"+name] = true
						mu.Unlock()
					}
					if me.ask("PUT", "/groups/"+root+"/attributes/"+name, nil, map[string]any{"type": "H5T_STD_U32LE", "value": value}).Status == 201 {
						mu.Lock()
						names["attributes/"+name] = true
						mu.Unlock()
					}
				case 3:
					if me.ask("PUT", "/datasets/"+tail+"/value", nil, map[string]any{"append": 1, "value": []uint32{value}}).Status == 200 {
						mu.Lock()
						appended[value] = true
						mu.Unlock()
					}
				}
			}
		})
	}
	ended := make(chan struct{})
	go func() { wg.Wait(); close(ended) }()
	j.watch(&racer{t, -2, raceStore(folder, 0, 0, -1)}, ended)
	for name := range names {
		require.Equal(t, 200, calm.ask("GET", "/groups/"+root+"/"+name, nil, nil).Status, "%s was acknowledged and is lost", name)
	}
	checkAppended(t, calm, tail, appended)
	checkSlab(t, calm, slab, writes)
}

// A joined change is one of several groups: all have the same value of an attribute, and a link of the same name.
type joined struct {
	t          *testing.T
	root, flag string
	groups     []string
	mu         sync.Mutex
	acked      map[uint32]bool
}

func (j *joined) change(r *racer, value uint32) {
	attributes, links := map[string]any{}, map[string]any{}
	for _, g := range j.groups {
		attributes[g] = map[string]any{"attributes": map[string]any{"joint": map[string]any{"type": "H5T_STD_U32LE", "value": value}}}
		links[g] = map[string]any{"links": map[string]any{fmt.Sprintf("n%d", value): map[string]any{"id": j.root}}}
	}
	r.ask("PUT", "/groups/"+j.root+"/attributes", nil, map[string]any{"obj_ids": attributes})
	if r.ask("PUT", "/groups/"+j.root+"/links", nil, map[string]any{"grp_ids": links}).Status == 201 {
		j.mu.Lock()
		defer j.mu.Unlock()
		j.acked[value] = true
	}
}

// watch reads until the writers have ended, and once more: nothing is seen half.
func (j *joined) watch(r *racer, ended <-chan struct{}) {
	for last := false; !last; {
		select {
		case <-ended:
			last = true
		default:
		}
		a := r.ask("POST", "/", url.Values{"include_attrs": {"1"}}, map[string]any{"h5paths": []string{"/a", "/b", "/c"}})
		if a.Status == 503 && !last {
			continue
		}
		require.Equal(j.t, 200, a.Status, "%s %s", a.Body, a.Header.Get("X-Hdf-Error"))
		var o struct {
			H5paths map[string]struct {
				Attributes map[string]struct{ Value uint32 }
				LinkCount  int
			}
		}
		require.NoError(j.t, json.Unmarshal(a.Body, &o))
		for _, p := range []string{"/b", "/c"} {
			require.Equal(j.t, o.H5paths["/a"], o.H5paths[p], "seen half: %s", a.Body)
		}
		if last {
			require.GreaterOrEqual(j.t, o.H5paths["/a"].LinkCount, len(j.acked))
		}
		values := numbers(j.t, r, j.flag)
		for _, v := range values {
			require.Equal(j.t, values[0], v, "seen half: %v", values)
		}
	}
}

func numbers(t *testing.T, c *racer, id string) []uint32 {
	r := c.ask("GET", "/datasets/"+id+"/value", nil, nil)
	require.Equal(t, 200, r.Status, "%s %s", r.Body, r.Header.Get("X-Hdf-Error"))
	var o struct{ Value any }
	require.NoError(t, json.Unmarshal(r.Body, &o))
	var out []uint32
	var walk func(v any)
	walk = func(v any) {
		if list, ok := v.([]any); ok {
			for _, x := range list {
				walk(x)
			}
			return
		}
		out = append(out, uint32(v.(float64)))
	}
	walk(o.Value)
	return out
}

// checkAppended finds each acknowledged value once, and none twice.
func checkAppended(t *testing.T, c *racer, id string, acked map[uint32]bool) {
	seen := map[uint32]bool{}
	for _, v := range numbers(t, c, id) {
		require.False(t, seen[v], "%d was appended twice", v)
		seen[v] = true
	}
	for v := range acked {
		require.True(t, seen[v], "%d was acknowledged and is lost", v)
	}
}

// checkSlab finds an order of the writes that leaves what is there: the last of each cell comes after all acknowledged ones that
// cover it, and after all that are seen somewhere.
func checkSlab(t *testing.T, c *racer, id string, writes []*write) {
	cells := numbers(t, c, id)
	require.Len(t, cells, raceRows*raceCols)
	by := map[uint32]*write{}
	visible := map[uint32]bool{}
	for _, w := range writes {
		by[w.value] = w
	}
	for _, v := range cells {
		visible[v] = true
	}
	after := map[uint32]map[uint32]bool{} // who comes after whom
	for i, v := range cells {
		last := by[v]
		r, col := i/raceCols, i%raceCols
		if v != 0 {
			require.NotNil(t, last)
			require.True(t, last.covers(r, col), "%d is where it was not written", v)
		}
		for _, w := range writes {
			if w.covers(r, col) && w.value != v && (w.acked || visible[w.value]) {
				require.NotZero(t, v, "the write %d was acknowledged and is lost at %d, %d", w.value, r, col)
				if after[w.value] == nil {
					after[w.value] = map[uint32]bool{}
				}
				after[w.value][v] = true
			}
		}
	}
	state := map[uint32]int{}
	var visit func(v uint32, path string)
	visit = func(v uint32, path string) {
		require.NotEqual(t, 1, state[v], "no order of the writes gives this: %s", path)
		if state[v] == 2 {
			return
		}
		state[v] = 1
		for next := range after[v] {
			visit(next, path+" "+strconv.Itoa(int(next)))
		}
		state[v] = 2
	}
	for v := range after {
		visit(v, strings.TrimSpace(strconv.Itoa(int(v))))
	}
}

func (w *write) covers(r, c int) bool { return r >= w.r0 && r < w.r1 && c >= w.c0 && c < w.c1 }
