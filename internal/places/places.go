// Package places answers two questions about a grid: the cell of each row of a table, and the shards that the features of a GeoJSON file
// meet. Its tests are those of the commands, in cmd/zagg/cli.
package places

import (
	"encoding/json"
	"strconv"
	"strings"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/internal/catalog/geometry"
)

// A Place is what one member of a GeoJSON file covers, and what to call it; "" where the file is one geometry.
type Place struct {
	Name   string
	Shapes []geometry.Shape
}

// Read reads a GeoJSON text feature by feature; name is what errors call it.
func Read(data []byte, name string) ([]Place, error) {
	// The whole is read first, for its errors.
	all, err := geometry.ParseGeoJSON(data)
	if err == nil && len(all) == 0 {
		err = core.Errorf(core.Invalid, "", "", "there is no place in it")
	}
	if err != nil {
		return nil, core.Wrap(err, "--polygon", name)
	}
	var collection struct {
		Features []json.RawMessage `json:"features"`
	}
	if err := json.Unmarshal(data, &collection); err != nil || len(collection.Features) == 0 {
		return []Place{{"", all}}, nil
	}
	features := make([]Place, len(collection.Features))
	for i, raw := range collection.Features {
		shapes, err := geometry.ParseGeoJSON(raw)
		if err != nil {
			return nil, core.Wrapf(err, "--polygon", name, "feature %d: %w", i, err)
		}
		features[i] = Place{featureName(i, raw), shapes}
	}
	return features, nil
}

// featureName is what a person may know a feature by.
func featureName(i int, raw json.RawMessage) string {
	var f struct {
		ID         json.RawMessage            `json:"id"`
		Properties map[string]json.RawMessage `json:"properties"`
	}
	name := "feature " + strconv.Itoa(i)
	if json.Unmarshal(raw, &f) != nil {
		return name
	}
	if v := f.Properties["name"]; len(v) > 0 {
		return name + " (" + strings.Trim(string(v), `"`) + ")"
	}
	if len(f.ID) > 0 {
		return name + " (id " + string(f.ID) + ")"
	}
	return name
}
