package hdf

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/englacial/zagg/internal/awstest"
)

// soakFiles are more than a sandbox remembers.
const soakFiles = 12

// A question is a request whose answer is known.
type question struct {
	event []byte
	want  string
}

// questions ask all kinds of things of every file.
func (f *fixture) questions() []question {
	var all []question
	add := func(event map[string]any) {
		text, err := json.Marshal(event)
		require.NoError(f, err)
		a := f.invoke(string(text))
		require.Equal(f, 200, a.Status, "%s: %s", text, a.Headers)
		all = append(all, question{text, string(a.Body)})
	}
	data := shared(f, "data", "types.h5")
	for i := range soakFiles {
		name := fmt.Sprintf("/f%d.h5", i)
		f.upload(name[1:], data)
		add(get("/", name, "getobjs", "1", "ignore_nan", "1"))
		add(get("/datasets", name))
		add(get("/domains", "/"))
		for _, d := range []string{"/num/le_i4", "/lay/gzip", "/lay/contig", "/str/vlen", "/cmp/plain", "/refs"} {
			path := f.dataset(name, d)
			add(get(path, name, "include_attrs", "1", "ignore_nan", "1"))
			add(get(path+"/value", name))
			add(get(path+"/value", name, "accept", "application/octet-stream"))
			var o struct{ Shape struct{ Dims []int } }
			require.NoError(f, json.Unmarshal(f.invoke(get(path+"/shape", name)).Body, &o))
			sel := strings.TrimSuffix(strings.Repeat("0:2,", len(o.Shape.Dims)), ",")
			add(map[string]any{"method": "POST", "path": path + "/value", "params": map[string]any{"domain": name}, "body": `{"select":"[` + sel + `]"}`})
		}
	}
	for i := range all { // the first ones were asked before all files were there
		var e struct{ Path string }
		require.NoError(f, json.Unmarshal(all[i].event, &e))
		if e.Path == "/domains" {
			all[i].want = string(f.invoke(string(all[i].event)).Body)
		}
	}
	return all
}

// While S3 fails in every way an answer is right, or that of a server that could not, and what the function holds does not grow.
// With ZAGG_SOAK set there are as many requests as a busy hour has.
func TestSoak(t *testing.T) {
	f := newFixture(t, 0)
	all := f.questions()
	f.s3.SetFault(awstest.RandomS3Faults(7, awstest.S3FaultRates{SlowDown: 0.03, InternalError: 0.03, Reset: 0.03, Truncate: 0.03, MaxDelay: time.Millisecond}))
	requests := 960
	if os.Getenv("ZAGG_SOAK") != "" {
		requests = 36_000
	}
	var right, failed atomic.Int64
	half := func(seed uint64) uint64 {
		var wg sync.WaitGroup
		for c := range uint64(16) {
			wg.Go(func() {
				rng := rand.New(rand.NewPCG(seed, c))
				for range requests / 32 {
					q := all[rng.IntN(len(all))]
					out, err := f.fn.Invoke(t.Context(), q.event)
					var a answer
					if !assert.NoError(t, err) || !assert.NoError(t, json.Unmarshal(out, &a)) {
						return
					}
					if a.Status == 200 {
						assert.Equal(t, q.want, string(a.Body), "%s", q.event)
						right.Add(1)
						continue
					}
					assert.Contains(t, []int{500, 503}, a.Status, "%s: %s", q.event, a.Headers)
					failed.Add(1)
				}
			})
		}
		wg.Wait()
		f.log.Reset()
		runtime.GC()
		runtime.GC() // what pools hold goes with the second
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	first := half(1)
	second := half(2)
	require.Less(t, second, first+first/4+8<<20, "what the function holds grows: %d, then %d bytes", first, second)
	require.Greater(t, right.Load(), 9*failed.Load(), "most answers are right")
	t.Logf("%d right, %d failed, %d then %d KB held", right.Load(), failed.Load(), first>>10, second>>10)
}
