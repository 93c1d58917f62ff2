package store

import (
	"io"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/core/objstore"
	"github.com/englacial/zagg/internal/job"
)

func record() *Record {
	block := int64(2)
	r := &Record{
		ShardKey: "12683825400535580678", Label: "-5111123", Status: job.OK, Signature: []byte(`{"type":"healpix","parent_order":6}`),
		ConfigHash: "c0ffee", Granules: job.GranulesHash([]string{"a.h5"}), Plan: job.PlanHash("compact", []core.ShardKey{"1", "2"}), Block: &block,
		Objects: []Object{{"12/h/c/2", 10, "bb"}, {"12/count/c/2", 20, "aa"}},
		Version: "1.0", RunID: "r", WrittenAt: time.Date(2026, 1, 2, 3, 4, 5, 6, time.FixedZone("", 3600)),
	}
	r.Receipt.Observations.Read = 5
	r.Receipt.Observations.Drop(job.DropFill, 2)
	r.Receipt.Phases = map[string]float64{"read": 1.5, "write": 0.25}
	return r
}

func TestRecordRoundTrip(t *testing.T) {
	ctx, store := t.Context(), &objstore.Mem{}
	r := record()
	require.NoError(t, r.Save(ctx, store, "mem://out/x.zarr/"))
	require.Equal(t, "mem://out/x.zarr.status/records/-5111123.json", At("mem://out/x.zarr").Record("-5111123"))
	got, err := LoadRecord(ctx, store, "mem://out/x.zarr", "-5111123")
	require.NoError(t, err)
	require.Equal(t, r, got)
	require.Equal(t, "12/count/c/2", got.Objects[0].Path, "objects are in path order")
	require.Equal(t, "2026-01-02T02:04:05Z", got.WrittenAt.Format(time.RFC3339))

	other := record()
	other.Label = "-5111124"
	require.NoError(t, other.Save(ctx, store, "mem://out/x.zarr"))
	require.NoError(t, store.Put(ctx, At("mem://out/x.zarr").Records()+"note.txt", strings.NewReader(""), core.PutOptions{}))
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
		require.NoError(t, store.Put(ctx, At("mem://s").Record("x"), strings.NewReader(text), core.PutOptions{Size: int64(len(text))}))
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
		"plan":                         func(w *Want) { w.Plan = job.PlanHash("fullsphere", nil) },
		"place in the plan":            func(w *Want) { w.Block = &block },
		"place":                        func(w *Want) { w.Block = nil },
		"set of granules":              func(w *Want) { w.Granules = job.GranulesHash(nil) },
	} {
		ok, reason := r.Matches(want(change))
		require.False(t, ok, text)
		require.Contains(t, reason, text)
	}
	r.Status, r.Missing = job.Partial, []string{"a.h5"}
	ok, reason = r.Matches(want(func(*Want) {}))
	require.False(t, ok)
	require.Equal(t, "1 granule was missing", reason)
	ok, _ = r.Matches(want(func(w *Want) { w.Partial = true }))
	require.True(t, ok)
}

// What decodes as a record is written again as the same record.
func FuzzRecord(f *testing.F) {
	store := &objstore.Mem{}
	require.NoError(f, record().Save(f.Context(), store, "mem://s"))
	got, err := store.ReadRanges(f.Context(), At("mem://s").Record("-5111123"), []core.Range{{Offset: 0, Length: 1 << 20}})
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
