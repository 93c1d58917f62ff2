package bench

import (
	"cmp"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"github.com/parquet-go/parquet-go"

	"github.com/englacial/zagg/core"
)

// ReadSeries reads the retained table, oldest first. A file that is not there is an empty history.
func ReadSeries(path string) ([]Record, error) {
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	rows, err := parquet.ReadFile[Record](path)
	if err != nil {
		return nil, core.Errorf(core.Corrupt, "read series", path, "%w", err)
	}
	slices.SortStableFunc(rows, func(a, b Record) int { return cmp.Compare(a.Timestamp, b.Timestamp) })
	return rows, nil
}

// Retain adds records to the history: those of merges alone, without a pull request's number. A record of the same commit
// and target takes the place of the older one. It also says how many were taken.
func Retain(history, records []Record) (series []Record, taken int) {
	series = slices.Clone(history)
	for _, r := range records {
		if r.Event != EventMerge {
			continue
		}
		r.PRNumber = nil
		taken++
		same := func(h Record) bool { return h.Commit == r.Commit && h.Target == r.Target }
		if i := slices.IndexFunc(series, same); i >= 0 {
			series[i] = r
			continue
		}
		series = append(series, r)
	}
	slices.SortStableFunc(series, func(a, b Record) int { return cmp.Compare(a.Timestamp, b.Timestamp) })
	return series, taken
}

// WriteSeries writes the table in place of the old one, whole or not at all. The same records give the same bytes.
func WriteSeries(path string, series []Record) error {
	f, err := os.CreateTemp(filepath.Dir(path), ".series-*")
	if err != nil {
		return core.Wrap(err, "write series", path)
	}
	defer os.Remove(f.Name())
	err = parquet.Write(f, series)
	if err = errors.Join(err, f.Chmod(0o644), f.Close()); err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		return core.Wrap(err, "write series", path)
	}
	return nil
}
