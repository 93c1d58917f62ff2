package store

import (
	"bytes"
	"context"
	"encoding/json"
	"slices"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/core/objstore"
	"github.com/englacial/zagg/internal/job"
)

// granulesSpec names the format of a Granules.
const granulesSpec = "zagg-granules/1"

// Granules are the granules that a store was made from, by their bare names, sorted.
type Granules struct {
	Spec   string   `json:"spec"`
	Count  int      `json:"count"`
	SHA256 string   `json:"sha256"` // job.GranulesHash of the names
	Names  []string `json:"granules"`
}

// described are the attributes of a group that are written when a run has ended. They say what was done with a store, not what it is for, so
// that they are not compared when a run goes on with it.
func described() []string {
	return []string{"history", "granule_count", "granules_sha256", "granules_list", "product_version", "time_coverage_start", "time_coverage_end"}
}

// SaveGranules keeps the list of granules beside the store. With keep those of the list that is there stay in it.
func SaveGranules(ctx context.Context, objects core.ObjectStore, url string, names []string, keep bool) (*Granules, error) {
	if keep {
		data, err := objstore.ReadAll(ctx, objects, At(url).Granules(), maxRecord)
		if err != nil && !core.Is(err, core.NotFound) {
			return nil, err
		}
		var old Granules
		if err == nil && json.Unmarshal(data, &old) == nil && old.Spec == granulesSpec {
			names = append(slices.Clip(names), old.Names...)
		}
	}
	names = slices.Compact(slices.Sorted(slices.Values(names)))
	g := &Granules{Spec: granulesSpec, Count: len(names), SHA256: job.GranulesHash(names), Names: names}
	data, err := job.EncodeJSON(g)
	if err != nil {
		return nil, core.Errorf(core.Internal, "granules", url, "%w", err)
	}
	return g, putJSON(ctx, objects, At(url).Granules(), data)
}

// Describe gives the group that a run writes attributes that tell how it was made, in its own document and in the root's. Where it has them
// already nothing is written.
func Describe(ctx context.Context, objects core.ObjectStore, url string, attrs map[string]any) error {
	root, err := readNode(ctx, objects, At(url).Metadata())
	if err != nil {
		return err
	}
	name, ok := GroupOf(root.Attributes)
	if !ok {
		return core.Errorf(core.Invalid, "describe", url, "the store's root does not say which group it has")
	}
	was, err := objstore.ReadAll(ctx, objects, At(url).Metadata(name), maxDocument)
	if err != nil {
		return err
	}
	group, err := parseNode(name, was)
	if err != nil {
		return err
	}
	own := map[string]json.RawMessage{}
	if err := json.Unmarshal(group.Attributes, &own); err != nil {
		return core.Errorf(core.Corrupt, "describe", url, "attributes of group %s: %w", name, err)
	}
	for _, k := range described() {
		delete(own, k)
	}
	for k, v := range attrs {
		if own[k], err = json.Marshal(v); err != nil {
			return err
		}
	}
	group.Attributes, err = json.Marshal(own)
	if err != nil {
		return err
	}
	doc, err := group.document()
	if err != nil || bytes.Equal(doc, was) {
		return err
	}
	to := &recorder{ObjectStore: objects, below: At(url).Below()}
	if err := putJSON(ctx, to, At(url).Metadata(name), doc); err != nil {
		return err
	}
	if children := root.children(); children != nil {
		children[name] = doc
		all, err := root.document()
		if err != nil {
			return err
		}
		if err := putJSON(ctx, to, At(url).Metadata(), all); err != nil {
			return err
		}
	}
	return remake(ctx, objects, url, to.made)
}
