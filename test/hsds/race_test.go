//go:build suites

package hsds

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/core/objstore"
	"github.com/englacial/zagg/internal/hdfrest"
	"github.com/englacial/zagg/internal/hdfrest/hsds"
)

// A sender makes one request of the domain that is raced for; 0 is no answer.
type sender func(method, path string, params map[string]string, body any) (status int, answer []byte)

// A track is a service that is raced on.
type track interface {
	calm() sender                      // before and after: nothing goes wrong
	writer(n int, seed uint64) sender  // one of many
	disturb(t *testing.T, seed uint64) // things go wrong from here on
	settle(t *testing.T, root string)  // and no more; what was killed is seen to
}

const raceDomain = "/home/" + user + "/race.h5"

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

// A folderTrack is stores in this process over one folder, each of which is as a process of its own.
type folderTrack struct {
	t      *testing.T
	folder hsds.Source
}

func (f *folderTrack) store(seed uint64, rate float64, left int) sender {
	src := &faulty{Source: f.folder, random: rand.New(rand.NewPCG(seed, 1)), rate: rate, left: left}
	s := hsds.New(hsds.Options{Bucket: hsds.One(bucket, src, ""), Write: true, Unconditional: true, Lease: 600 * time.Millisecond,
		Retry: objstore.Policy{Attempts: 8, Base: time.Millisecond, Max: 20 * time.Millisecond}})
	server := hdfrest.New(hdfrest.Config{Store: s, Bucket: bucket})
	return func(method, path string, params map[string]string, body any) (int, []byte) {
		q := url.Values{"domain": {raceDomain}}
		for k, v := range params {
			q.Set(k, v)
		}
		var text []byte
		if body != nil {
			text, _ = json.Marshal(body)
		}
		r := server.Serve(f.t.Context(), &hdfrest.Request{Method: method, Path: path, Query: q, Header: http.Header{}, Body: text})
		return r.Status, r.Body
	}
}

func (f *folderTrack) calm() sender { return f.store(0, 0, -1) }

func (f *folderTrack) writer(n int, seed uint64) sender {
	left := -1
	if n%8 == 7 {
		left = 20 + rand.New(rand.NewPCG(seed, uint64(n))).IntN(60)
	}
	return f.store(seed*1000+uint64(n), 0.02, left)
}

func (f *folderTrack) disturb(*testing.T, uint64) {}
func (f *folderTrack) settle(*testing.T, string)  {}

// raceSize is how many runs there are of how many writers, and the seed of the first.
func raceSize(t *testing.T, runs, writers int) (r, w, first int) {
	if size := os.Getenv("ZAGG_RACE"); size != "" {
		n, err := fmt.Sscanf(size+"+0", "%dx%d+%d", &runs, &writers, &first)
		require.NoError(t, err)
		require.Equal(t, 3, n)
	}
	return runs, writers, first
}

// Writers of one domain in processes of their own change slabs of one dataset, write another whole, append to a third, make links
// and attributes, and such of several groups at once. Answers are lost, requests fail, and some processes are killed. Then all that
// was acknowledged is there, the slabs are those of some order of the writes, and nobody has seen half of anything.
// ZAGG_RACE=RUNSxWRITERS makes it larger; +N begins with the Nth run.
func TestRaces(t *testing.T) {
	runs, writers, first := raceSize(t, 2, 8)
	for run := first; run < first+runs; run++ {
		t.Run(strconv.Itoa(run), func(t *testing.T) {
			folder, err := hsds.OpenFolder(t.TempDir())
			require.NoError(t, err)
			folders(t, hsds.New(hsds.Options{Bucket: hsds.One(bucket, folder, ""), Write: true, Unconditional: true}))
			require.Empty(t, newRace(t, &folderTrack{t, folder}, uint64(run)).run(writers))
		})
	}
}

// A race is what is changed, and what was acknowledged.
type race struct {
	t                      *testing.T
	on                     track
	calm                   sender
	seed                   uint64
	root, slab, tail, flag string
	groups                 []string

	mu       sync.Mutex
	writes   []*slabWrite
	names    map[string]bool // links and attributes
	appended map[uint32]bool
	joined   map[uint32]bool
	sent     int
	acked    int
	faults   []string
}

// A slabWrite is one of rows and columns, all of them with one number that no other write has.
type slabWrite struct {
	value          uint32
	r0, r1, c0, c1 int
	acked          bool
}

func (w *slabWrite) covers(r, c int) bool { return r >= w.r0 && r < w.r1 && c >= w.c0 && c < w.c1 }

const raceRows, raceCols = 24, 24

// watchEvery is how often somebody reads meanwhile: a reader without a pause would take most of the machine from the writers.
const watchEvery = 50 * time.Millisecond

func newRace(t *testing.T, on track, seed uint64) *race {
	r := &race{t: t, on: on, calm: on.calm(), seed: seed, names: map[string]bool{}, appended: map[uint32]bool{}, joined: map[uint32]bool{}}
	r.root = r.made("PUT", "/", nil)
	set := func(name string, dims []int, limit any, chunk []int, filters ...any) string {
		body := map[string]any{"type": "H5T_STD_U32LE", "shape": dims, "link": map[string]any{"id": r.root, "name": name},
			"creationProperties": map[string]any{"layout": map[string]any{"class": "H5D_CHUNKED", "dims": chunk}, "filters": filters}}
		if limit != nil {
			body["maxdims"] = limit
		}
		if len(filters) == 0 {
			delete(body["creationProperties"].(map[string]any), "filters")
		}
		return r.made("POST", "/datasets", body)
	}
	r.slab = set("slab", []int{raceRows, raceCols}, nil, []int{10, 10}, map[string]any{"class": "H5Z_FILTER_DEFLATE", "id": 1, "level": 1, "name": "gzip"})
	r.tail = set("tail", []int{0}, []any{0}, []int{7})
	r.flag = set("flag", []int{30}, nil, []int{8})
	for _, name := range []string{"a", "b", "c"} {
		r.groups = append(r.groups, r.made("POST", "/groups", map[string]any{"link": map[string]any{"id": r.root, "name": name}}))
	}
	return r
}

func (r *race) made(method, path string, body any) string {
	status, answer := r.calm(method, path, nil, body)
	require.Equal(r.t, 201, status, "%s %s: %s", method, path, answer)
	var o struct{ ID, Root string }
	require.NoError(r.t, json.Unmarshal(answer, &o))
	if o.ID == "" {
		return o.Root
	}
	return o.ID
}

func (r *race) fault(format string, args ...any) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.faults = append(r.faults, fmt.Sprintf(format, args...))
}

// run lets writers race, and gives what is wrong afterwards.
func (r *race) run(writers int) []string {
	r.on.disturb(r.t, r.seed)
	var wg sync.WaitGroup
	for n := range writers {
		wg.Go(func() {
			random := rand.New(rand.NewPCG(r.seed, uint64(n)))
			send := r.on.writer(n, r.seed)
			for k := range 6 {
				r.step(send, random, uint32(1+n*100+k))
			}
		})
	}
	ended := make(chan struct{})
	go func() { wg.Wait(); close(ended) }()
	often := time.NewTicker(watchEvery)
	defer often.Stop()
	for watching := true; watching; {
		r.watch(r.on.writer(-1, r.seed), false)
		select {
		case <-ended:
			watching = false
		case <-often.C:
		}
	}
	r.on.settle(r.t, r.root)
	r.watch(r.calm, true)
	for name := range r.names {
		if status, _ := r.calm("GET", "/groups/"+r.root+"/"+name, nil, nil); status != 200 {
			r.fault("lost: %s was acknowledged", name)
		}
	}
	r.checkAppended()
	r.checkSlab()
	return r.faults
}

func (r *race) ok(status int, done func()) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.sent++
	if status == 200 || status == 201 {
		r.acked++
		done()
	}
}

func data(value uint32, n int) string {
	return base64.StdEncoding.EncodeToString(bytes.Repeat(binary.LittleEndian.AppendUint32(nil, value), n))
}

// step is one change, or two.
func (r *race) step(send sender, random *rand.Rand, value uint32) {
	name := fmt.Sprintf("n%d", value)
	attribute := map[string]any{"type": "H5T_STD_U32LE", "value": value}
	switch random.IntN(6) {
	case 0, 1:
		w := &slabWrite{value: value}
		w.r0, w.c0 = random.IntN(raceRows), random.IntN(raceCols)
		w.r1, w.c1 = w.r0+1+random.IntN(raceRows-w.r0), w.c0+1+random.IntN(raceCols-w.c0)
		r.mu.Lock()
		r.writes = append(r.writes, w)
		r.mu.Unlock()
		status, _ := send("PUT", "/datasets/"+r.slab+"/value", map[string]string{"select": fmt.Sprintf("[%d:%d,%d:%d]", w.r0, w.r1, w.c0, w.c1)},
			map[string]any{"value_base64": data(value, (w.r1-w.r0)*(w.c1-w.c0))})
		r.ok(status, func() { w.acked = true })
	case 2:
		status, _ := send("PUT", "/groups/"+r.root+"/links/"+name, nil, map[string]any{"id": r.root})
		r.ok(status, func() { r.names["links/"+name] = true })
		status, _ = send("PUT", "/groups/"+r.root+"/attributes/"+name, nil, attribute)
		r.ok(status, func() { r.names["attributes/"+name] = true })
	case 3:
		status, _ := send("PUT", "/datasets/"+r.tail+"/value", nil, map[string]any{"append": 1, "value": []uint32{value}})
		r.ok(status, func() { r.appended[value] = true })
	case 4:
		attributes, links := map[string]any{}, map[string]any{}
		for _, g := range r.groups {
			attributes[g] = map[string]any{"attributes": map[string]any{"joint": attribute}}
			links[g] = map[string]any{"links": map[string]any{name: map[string]any{"id": r.root}}}
		}
		status, _ := send("PUT", "/groups/"+r.root+"/attributes", map[string]string{"replace": "1"}, map[string]any{"obj_ids": attributes})
		r.ok(status, func() {})
		status, _ = send("PUT", "/groups/"+r.root+"/links", nil, map[string]any{"grp_ids": links})
		r.ok(status, func() { r.joined[value] = true })
	case 5:
		status, _ := send("PUT", "/datasets/"+r.flag+"/value", nil, map[string]any{"value_base64": data(value, 30)})
		r.ok(status, func() {})
	}
}

// watch reads what is changed at one moment or by one request. last: all must answer.
func (r *race) watch(send sender, last bool) {
	status, answer := send("POST", "/", map[string]string{"include_attrs": "1"}, map[string]any{"h5paths": []string{"/a", "/b", "/c"}})
	var o struct {
		H5paths map[string]struct {
			Attributes map[string]struct{ Value uint32 }
			LinkCount  int
		}
	}
	if status == 200 && json.Unmarshal(answer, &o) == nil {
		a := o.H5paths["/a"]
		for _, p := range []string{"/b", "/c"} {
			if fmt.Sprint(o.H5paths[p]) != fmt.Sprint(a) {
				r.fault("seen half: /a is %v, %s is %v", a, p, o.H5paths[p])
			}
		}
		if last && a.LinkCount < len(r.joined) {
			r.fault("lost: %d changes of several groups were acknowledged, %d are there", len(r.joined), a.LinkCount)
		}
	} else if last {
		r.fault("POST / is %d: %s", status, answer)
	}
	values, status := r.numbers(send, r.flag)
	for _, v := range values {
		if v != values[0] {
			r.fault("seen half: %v", values)
			break
		}
	}
	if last && status != 200 {
		r.fault("the values are %d", status)
	}
}

func (r *race) numbers(send sender, id string) ([]uint32, int) {
	status, answer := send("GET", "/datasets/"+id+"/value", nil, nil)
	if status != 200 {
		return nil, status
	}
	var o struct{ Value any }
	require.NoError(r.t, json.Unmarshal(answer, &o))
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
	return out, status
}

// checkAppended finds each acknowledged value once, and none twice.
func (r *race) checkAppended() {
	seen := map[uint32]bool{}
	values, status := r.numbers(r.calm, r.tail)
	if status != 200 {
		r.fault("what was appended is %d", status)
	}
	for _, v := range values {
		if seen[v] && v != 0 {
			r.fault("twice: %d was appended", v)
		}
		seen[v] = true
	}
	for v := range r.appended {
		if !seen[v] {
			r.fault("lost: %d was appended and acknowledged", v)
		}
	}
}

// checkSlab finds an order of the writes that leaves what is there: the last of each cell comes after all acknowledged ones that
// cover it, and after all that are seen somewhere.
func (r *race) checkSlab() {
	cells, status := r.numbers(r.calm, r.slab)
	if status != 200 || len(cells) != raceRows*raceCols {
		r.fault("the slabs are %d, %d cells", status, len(cells))
		return
	}
	by := map[uint32]*slabWrite{}
	visible := map[uint32]bool{}
	for _, w := range r.writes {
		by[w.value] = w
	}
	for _, v := range cells {
		visible[v] = true
	}
	after := map[uint32]map[uint32]bool{} // who comes after whom
	lost := map[uint32]bool{}
	for i, v := range cells {
		row, col := i/raceCols, i%raceCols
		if v != 0 && (by[v] == nil || !by[v].covers(row, col)) {
			r.fault("the write %d is where it was not made", v)
		}
		for _, w := range r.writes {
			if !w.covers(row, col) || w.value == v || !w.acked && !visible[w.value] {
				continue
			}
			if v == 0 && !lost[w.value] {
				lost[w.value] = true
				r.fault("lost: the write %d was acknowledged or is seen elsewhere", w.value)
			}
			if after[w.value] == nil {
				after[w.value] = map[uint32]bool{}
			}
			after[w.value][v] = true
		}
	}
	state := map[uint32]int{}
	var circle func(v uint32) bool
	circle = func(v uint32) bool {
		if state[v] != 0 {
			return state[v] == 1
		}
		state[v] = 1
		for next := range after[v] {
			if circle(next) {
				return true
			}
		}
		state[v] = 2
		return false
	}
	for v := range after {
		if circle(v) {
			r.fault("no order of the writes gives the slabs")
			return
		}
	}
}
