package job

import (
	"bytes"
	"encoding/json"
	"slices"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/internal/windows"
)

// A Window is the window of a job's rows, and where it lies in the store.
type Window struct {
	windows.Window
	Place int64         `json:"place"` // along the axis
	Axis  *windows.Axis `json:"axis"`  // the store's
}

// decodeWindow reads a window that is what its axis has in its place.
func decodeWindow(data []byte) (*Window, error) {
	const op = "job.Decode"
	var axis struct {
		Axis json.RawMessage `json:"axis"`
	}
	if err := json.Unmarshal(data, &axis); err == nil && !hasValue(axis.Axis) { // whatever else an event of earlier releases says
		return nil, core.Errorf(core.Unsupported, op, "window", "not supported yet: window without axis, of a store for each shard and window; plan the run with this release")
	}
	var w Window
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&w); err != nil {
		return nil, core.Errorf(core.Invalid, op, "window", "%s", inWords(err, 0, "window"))
	}
	if err := w.Axis.Check(); err != nil {
		return nil, err
	}
	if w.Place < 0 || w.Place >= int64(w.Axis.Count) {
		return nil, core.Errorf(core.Invalid, op, "window", "place %d; the axis has %d windows", w.Place, w.Axis.Count)
	}
	if at := w.Axis.Window(int(w.Place)); !at.Same(w.Window) {
		return nil, core.Errorf(core.Invalid, op, "window", "it is %s, and in place %d the axis has %s", w.Label, w.Place, at.Label)
	}
	return &w, nil
}

// CountsUntimed reports whether the job counts the rows of granule i that cannot be told to be of a window.
func (j *Job) CountsUntimed(i int) bool {
	_, ok := slices.BinarySearch(j.Untimed, i)
	return ok || j.Untimed == nil
}
