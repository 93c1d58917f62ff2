package job

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"maps"
	"slices"

	"github.com/englacial/zagg/core"
)

// Granules are what a job reads. JSON: a list with the address of each, or where it has siblings, or its version is known,
// {url, assets, etag, length}. What else a Granule has is not in it: whoever takes the event finds the IDs (Job.Identified).
type Granules []core.Granule

// A granuleJSON is a granule in an event.
type granuleJSON struct {
	URL    string            `json:"url"`
	Assets map[string]string `json:"assets,omitempty"` // siblings
	ETag   string            `json:"etag,omitempty"`
	Size   int64             `json:"length,omitempty"`
}

// MarshalJSON writes a string where nothing but an address is known.
func (g granuleJSON) MarshalJSON() ([]byte, error) {
	if len(g.Assets) == 0 && g.ETag == "" && g.Size == 0 {
		return EncodeJSON(g.URL)
	}
	type object granuleJSON
	return EncodeJSON(object(g))
}

// UnmarshalJSON reads a string or an object.
func (g *granuleJSON) UnmarshalJSON(data []byte) error {
	if len(data) > 0 && data[0] == '"' {
		*g = granuleJSON{}
		return json.Unmarshal(data, &g.URL)
	}
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.DisallowUnknownFields()
	type object granuleJSON
	return dec.Decode((*object)(g))
}

// MarshalJSON writes null for nil.
func (l Granules) MarshalJSON() ([]byte, error) {
	if l == nil {
		return []byte("null"), nil
	}
	list := make([]granuleJSON, len(l))
	for i, g := range l {
		list[i] = granuleJSON{URL: g.URL(), ETag: g.Found.ETag, Size: g.Found.Size}
		if _, data := g.Assets["data"]; len(g.Assets) > 1 || !data {
			list[i].Assets = maps.Clone(g.Assets)
			delete(list[i].Assets, "data")
		}
	}
	return EncodeJSON(list)
}

// UnmarshalJSON reads what MarshalJSON writes.
func (l *Granules) UnmarshalJSON(data []byte) error {
	var list []granuleJSON
	if err := json.Unmarshal(data, &list); err != nil {
		if e, ok := errors.AsType[*json.UnmarshalTypeError](err); ok && e.Field == "" {
			e.Field = "granule_urls"
		}
		return err
	}
	*l = nil
	if list != nil {
		*l = make(Granules, len(list))
	}
	for i, g := range list {
		assets := map[string]string{}
		maps.Copy(assets, g.Assets)
		assets["data"] = g.URL
		(*l)[i] = core.Granule{Assets: assets, Size: g.Size}
		if g.ETag != "" || g.Size > 0 {
			(*l)[i].Found = core.ObjectInfo{URL: g.URL, ETag: g.ETag, Size: g.Size}
		}
	}
	return nil
}

// Identified are the job's granules with the IDs that they are known by: as they are where the plan has found them, which no event
// tells.
func (j *Job) Identified(ctx context.Context, r core.ProductReader) ([]core.Granule, error) {
	if !slices.ContainsFunc(j.Granules, func(g core.Granule) bool { return g.ID == "" }) {
		return j.Granules, nil
	}
	granules := slices.Clone(j.Granules)
	_, err := Identify(ctx, r, granules)
	return granules, err
}
