package job

import (
	"errors"
	"io"
	"os"
	"strings"
	"testing"
	"time"

	"encoding/json"

	"github.com/stretchr/testify/require"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/core/objstore"
	"github.com/englacial/zagg/internal/sharedtest"
)

func record() *Record {
	block := int64(2)
	r := &Record{
		ShardKey: "12683825400535580678", Label: "-5111123", Status: OK, Signature: []byte(`{"type":"healpix","parent_order":6}`),
		ConfigHash: "c0ffee", Granules: GranulesHash([]string{"a.h5"}), Plan: PlanHash("compact", []core.ShardKey{"1", "2"}), Block: &block,
		Objects: []Object{{"12/h/c/2", 10, "bb"}, {"12/count/c/2", 20, "aa"}},
		Version: "1.0", RunID: "r", WrittenAt: time.Date(2026, 1, 2, 3, 4, 5, 6, time.FixedZone("", 3600)),
	}
	r.Receipt.Observations.Read = 5
	r.Receipt.Observations.Drop(DropFill, 2)
	r.Receipt.Phases = map[string]float64{"read": 1.5, "write": 0.25}
	return r
}

func TestRecordRoundTrip(t *testing.T) {
	ctx, store := t.Context(), &objstore.Mem{}
	r := record()
	require.NoError(t, r.Save(ctx, store, "mem://out/x.zarr/"))
	require.Equal(t, "mem://out/x.zarr.status/records/-5111123.json", RecordURL("mem://out/x.zarr", "-5111123"))
	got, err := LoadRecord(ctx, store, "mem://out/x.zarr", "-5111123")
	require.NoError(t, err)
	require.Equal(t, r, got)
	require.Equal(t, "12/count/c/2", got.Objects[0].Path, "objects are in path order")
	require.Equal(t, "2026-01-02T02:04:05Z", got.WrittenAt.Format(time.RFC3339))

	other := record()
	other.Label = "-5111124"
	require.NoError(t, other.Save(ctx, store, "mem://out/x.zarr"))
	require.NoError(t, store.Put(ctx, RecordsPrefix("mem://out/x.zarr")+"note.txt", strings.NewReader(""), core.PutOptions{}))
	labels, err := ListRecords(ctx, store, "mem://out/x.zarr")
	require.NoError(t, err)
	require.Equal(t, []string{"-5111123", "-5111124"}, labels)

	require.NoError(t, DeleteRecord(ctx, store, "mem://out/x.zarr", "-5111123"))
	require.NoError(t, DeleteRecord(ctx, store, "mem://out/x.zarr", "-5111123"), "none to delete is no error")
	_, err = LoadRecord(ctx, store, "mem://out/x.zarr", "-5111123")
	require.Equal(t, core.NotFound, core.CodeOf(err))
}

func TestBadRecords(t *testing.T) {
	ctx, store := t.Context(), &objstore.Mem{}
	for name, text := range map[string]string{
		"truncated":    `{"spec":"zagg-record/1"`,
		"other spec":   `{"spec":"zagg-record/9","label":"x"}`,
		"other label":  `{"spec":"zagg-record/1","label":"y"}`,
		"path upwards": `{"spec":"zagg-record/1","label":"x","objects":[{"path":"../../etc/passwd"}]}`,
		"path rooted":  `{"spec":"zagg-record/1","label":"x","objects":[{"path":"/etc/passwd"}]}`,
		"no path":      `{"spec":"zagg-record/1","label":"x","objects":[{}]}`,
		"back slashes": `{"spec":"zagg-record/1","label":"x","objects":[{"path":"a\\..\\..\\b"}]}`,
		"empty":        ``,
	} {
		require.NoError(t, store.Put(ctx, RecordURL("mem://s", "x"), strings.NewReader(text), core.PutOptions{Size: int64(len(text))}))
		_, err := LoadRecord(ctx, store, "mem://s", "x")
		require.Equal(t, core.Corrupt, core.CodeOf(err), name)
		require.ErrorContains(t, err, "mem://s.status/records/x.json", name)
		require.ErrorContains(t, err, "delete it", name)
	}
	for _, label := range []string{"", "../x", "a/b", ".hidden", "a b", "é", strings.Repeat("x", 201)} {
		r := record()
		r.Label = label
		require.Equal(t, core.Invalid, core.CodeOf(r.Save(ctx, store, "mem://s")), label)
		_, err := LoadRecord(ctx, store, "mem://s", label)
		require.Equal(t, core.Invalid, core.CodeOf(err), label)
		require.Error(t, DeleteRecord(ctx, store, "mem://s", label), label)
	}
}

func TestMatches(t *testing.T) {
	r := record()
	want := func(change func(*Want)) Want {
		block := *r.Block
		w := Want{Signature: []byte(`{ "parent_order": 6, "type": "healpix" }`), ConfigHash: r.ConfigHash, Granules: r.Granules, Plan: r.Plan, Block: &block}
		change(&w)
		return w
	}
	ok, reason := r.Matches(want(func(*Want) {}))
	require.True(t, ok, reason)
	require.Empty(t, reason)
	block := int64(3)
	for text, change := range map[string]func(*Want){
		"signature":                    func(w *Want) { w.Signature = []byte(`{"type":"healpix","parent_order":7}`) },
		"configuration differs: c0ffe": func(w *Want) { w.ConfigHash = "deadbeefdeadbeef" },
		"now deadbeefdead":             func(w *Want) { w.ConfigHash = "deadbeefdeadbeef" },
		"plan":                         func(w *Want) { w.Plan = PlanHash("fullsphere", nil) },
		"place in the plan":            func(w *Want) { w.Block = &block },
		"place":                        func(w *Want) { w.Block = nil },
		"set of granules":              func(w *Want) { w.Granules = GranulesHash(nil) },
	} {
		ok, reason := r.Matches(want(change))
		require.False(t, ok, text)
		require.Contains(t, reason, text)
	}
	r.Status, r.Missing = Partial, []string{"a.h5"}
	ok, reason = r.Matches(want(func(*Want) {}))
	require.False(t, ok)
	require.Equal(t, "1 granules were missing", reason)
	ok, _ = r.Matches(want(func(w *Want) { w.Partial = true }))
	require.True(t, ok)
}

// The hash of a set of granules is the one that earlier releases recorded.
func TestGranulesHash(t *testing.T) {
	data, err := os.ReadFile(sharedtest.Dir(t, "golden", "small", "event_-5111123.json"))
	require.NoError(t, err)
	j := decode(t, string(data))
	var response struct{ Body string }
	data, err = os.ReadFile(sharedtest.Dir(t, "golden", "small", "event_-5111123_response.json"))
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(data, &response))
	var ids []string
	for _, g := range j.Granules {
		ids = append([]string{BareName(g.URL)}, ids...) // any order
	}
	require.Contains(t, response.Body, `"granules_sha256": "`+GranulesHash(ids)+`"`)
	require.Equal(t, GranulesHash([]string{"a.h5", "b.h5"}), GranulesHash([]string{"b.h5", "a.h5"}))
	require.NotEqual(t, GranulesHash([]string{"a.h5", "b.h5"}), GranulesHash([]string{"a.h5\nb.h5"}))
	require.NotEqual(t, GranulesHash([]string{"/x/a.h5"}), GranulesHash([]string{"/x/a.h5", "/y/a.h5"}))
	require.NotEqual(t, GranulesHash([]string{"a.h5"}), GranulesHash([]string{"b.h5"}))
}

func TestPlanHash(t *testing.T) {
	a, b := []core.ShardKey{"1", "2"}, []core.ShardKey{"2", "1"}
	require.NotEqual(t, PlanHash("compact", a), PlanHash("compact", b))
	require.NotEqual(t, PlanHash("compact", a), PlanHash("compact", a[:1]))
	require.Equal(t, PlanHash("fullsphere", a), PlanHash("fullsphere", b), "a shard's place does not depend on the others")
	require.NotEqual(t, PlanHash("fullsphere", a), PlanHash("compact", nil))
}

func TestReceiptAdd(t *testing.T) {
	var sum Receipt
	a := Receipt{Reads: 1, Writes: 2, BytesRead: 3, BytesWritten: 4, Seconds: 5, CPUSeconds: 6, MaxMemory: 7, SpillBytes: 8, Cells: 9, Granules: 10,
		Phases: map[string]float64{"read": 1}, NoGroup: []GroupNote{{"a", "gt1l"}}, EmptyGroup: []GroupNote{{"a", "gt2l"}},
		ReadErrors:   []ReadError{NewReadError("a", core.Errorf(core.Denied, "get", "a", "%w", errors.New("403")))},
		Observations: Observations{Read: 11, Kept: 10, Dropped: map[string]int64{DropNaN: 1}}}
	sum.Add(&a)
	require.Equal(t, a, sum)
	sum.Add(&a)
	require.Equal(t, Receipt{Reads: 2, Writes: 4, BytesRead: 6, BytesWritten: 8, Seconds: 10, CPUSeconds: 12, MaxMemory: 7, SpillBytes: 16, Cells: 18, Granules: 20,
		Phases: map[string]float64{"read": 2}, NoGroup: []GroupNote{{"a", "gt1l"}, {"a", "gt1l"}}, EmptyGroup: []GroupNote{{"a", "gt2l"}, {"a", "gt2l"}},
		ReadErrors:   []ReadError{{"a", "denied", "get a: 403"}, {"a", "denied", "get a: 403"}},
		Observations: Observations{Read: 22, Kept: 20, Dropped: map[string]int64{DropNaN: 2}}}, sum)
	require.Equal(t, int64(1), a.Observations.Dropped[DropNaN], "the receipt added is left alone")
}

// What decodes as a record is written again as the same record.
func FuzzRecord(f *testing.F) {
	store := &objstore.Mem{}
	require.NoError(f, record().Save(f.Context(), store, "mem://s"))
	got, err := store.ReadRanges(f.Context(), RecordURL("mem://s", "-5111123"), []core.Range{{Offset: 0, Length: 1 << 20}})
	require.NoError(f, err)
	f.Add(got[0])
	f.Add([]byte(`{"objects":[{"path":"a/../b"}]}`))
	f.Add([]byte(`{"label":"x"}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		r, err := decodeRecord(data)
		if err != nil || checkLabel(r.Label) != nil {
			return
		}
		to := &objstore.Mem{}
		if err := r.Save(t.Context(), to, "mem://s"); err != nil {
			require.NotErrorIs(t, err, io.EOF)
			return // a time beyond year 9999
		}
		again, err := LoadRecord(t.Context(), to, "mem://s", r.Label)
		require.NoError(t, err)
		require.True(t, sameJSON(r.Signature, again.Signature))
		require.Equal(t, len(r.Objects), len(again.Objects))
	})
}
