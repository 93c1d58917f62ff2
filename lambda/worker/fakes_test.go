package worker

import (
	"bytes"
	"context"
	"encoding/json"
	"path"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/core/objstore"
	"github.com/englacial/zagg/core/objstore/s3store"
	"github.com/englacial/zagg/internal/awstest"
	"github.com/englacial/zagg/internal/job"
	"github.com/englacial/zagg/plugins/all"
)

// spheres is a configuration that reads granules of the test reader.
const spheres = `{"data_source": {"reader": "table"}, "aggregation": {"variables": {
	"n": {"function": "len", "dtype": "int32"}, "mean": {"function": "mean", "source": "v"}}},
	"output": {"grid": {"type": "healpix", "parent_order": 3, "child_order": 5}}}`

// A bench is a worker beside an S3 server.
type bench struct {
	t     *testing.T
	s3    *awstest.S3
	store core.ObjectStore
	w     *Worker
	log   *safeBuffer
	env   map[string]string
}

type safeBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (s *safeBuffer) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(p)
}

func (s *safeBuffer) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.String()
}

func newBench(t *testing.T) *bench {
	s, err := awstest.StartS3(t.Context(), awstest.S3Options{Buckets: []string{"ins", "out"}})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	for k, v := range s.Environ() {
		t.Setenv(k, v)
	}
	store, err := s3store.New(t.Context(), s3store.Options{})
	require.NoError(t, err)
	b := &bench{t: t, s3: s, store: store, log: &safeBuffer{}, env: map[string]string{}}
	b.w, err = New(func(k string) string { return b.env[k] }, b.log, append(all.Plugins(), tables())...)
	require.NoError(t, err)
	return b
}

// table puts a granule: rows are longitude, latitude, v.
func (b *bench) table(id string, rows ...[3]float64) {
	data, err := json.Marshal(rows)
	require.NoError(b.t, err)
	b.put("s3://ins/"+id, data)
}

func (b *bench) put(url string, data []byte) {
	require.NoError(b.t, objstore.PutBytes(b.t.Context(), b.store, url, data, core.PutOptions{}))
}

func (b *bench) read(url string) []byte {
	data, err := objstore.ReadAll(b.t.Context(), b.store, url, 1<<20)
	require.NoError(b.t, err)
	return data
}

// keys of the owner, as events spell them.
func (b *bench) keys() string {
	key, secret := b.s3.Owner()
	return `{"accessKeyId": "` + key + `", "secretAccessKey": "` + secret + `"}`
}

// event is a JSON object of parts; c stands for the configuration.
func event(parts ...string) string { return "{" + strings.Join(parts, ", ") + "}" }

func (b *bench) handle(ctx context.Context, text string) *job.Response {
	b.t.Helper()
	r, err := b.w.Handle(ctx, []byte(text))
	require.NoError(b.t, err)
	return &r
}

func (b *bench) done(status int, parts ...string) *job.Done {
	b.t.Helper()
	r := b.handle(b.t.Context(), event(parts...))
	require.Equal(b.t, status, r.StatusCode, r.Body)
	d, err := r.Done()
	require.NoError(b.t, err)
	return d
}

func (b *bench) call(status int, parts ...string) *job.CallDone {
	b.t.Helper()
	r := b.handle(b.t.Context(), event(parts...))
	require.Equal(b.t, status, r.StatusCode, r.Body)
	d, err := r.CallDone()
	require.NoError(b.t, err)
	return d
}

func (b *bench) setup(config string) {
	b.t.Helper()
	require.True(b.t, b.call(200, `"mode": "setup"`, `"store_path": "s3://out/x.zarr"`, `"parent_order": 3`, `"config": `+config).OK)
}

// tables is a plugin with a reader of JSON tables. Granules of some names do not do what they should.
func tables() core.Plugin {
	maker := core.Maker[core.ProductReader]{Name: "table", New: func(context.Context, core.Config) (core.ProductReader, error) { return tableReader{}, nil }}
	broken := core.Maker[core.Statistic]{Name: "broken", New: func(context.Context, core.Config) (core.Statistic, error) { panic("no such thing") }}
	return core.Plugin{Name: "tables", Version: "1", Readers: []core.Maker[core.ProductReader]{maker}, Statistics: []core.Maker[core.Statistic]{broken}}
}

type tableReader struct{}

func (tableReader) Info() core.ProductInfo {
	return core.ProductInfo{Columns: []core.Field{{Name: "v", Type: core.Float64, Width: 1, Units: "m"}}}
}

func (tableReader) Read(ctx context.Context, src core.ObjectReader, g core.Granule, q core.Query, emit func(*core.Batch) error) (core.ReadStats, error) {
	data, err := objstore.ReadAll(ctx, src, g.URL(), 1<<20)
	if err != nil {
		return core.ReadStats{}, err
	}
	switch path.Base(g.ID) {
	case "panic":
		panic("index out of range")
	case "slow":
		<-ctx.Done()
		return core.ReadStats{}, ctx.Err()
	}
	var rows [][3]float64
	if err := json.Unmarshal(data, &rows); err != nil {
		return core.ReadStats{}, core.Errorf(core.Corrupt, "table", g.ID, "%w", err)
	}
	b := core.Batch{Group: "t"}
	var v []float64
	for _, r := range rows {
		b.Lon, b.Lat, v = append(b.Lon, r[0]), append(b.Lat, r[1]), append(v, r[2])
	}
	for range q.Columns {
		b.Columns = append(b.Columns, core.ColumnOf("v", v))
	}
	if len(rows) == 0 {
		return core.ReadStats{}, nil
	}
	return core.ReadStats{Rows: int64(len(rows)), Emitted: int64(len(rows))}, emit(&b)
}
