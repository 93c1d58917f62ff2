package store

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"slices"
	"strings"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/core/objstore"
	"github.com/englacial/zagg/internal/plan"
	"github.com/englacial/zagg/internal/zarr"
)

// A root is what the attribute "zagg" of a store's root says.
type root struct {
	Group  string   `json:"group"`            // that a run writes
	Levels []string `json:"levels,omitempty"` // all groups, the finest first; empty: there is but one
}

// LevelsOf are the groups of a store, the finest first, by the attributes of its root. The first is the one that a run writes.
func LevelsOf(rootAttrs json.RawMessage) []string {
	var r root
	if ownAttribute(rootAttrs, &r) != nil || !plainName(r.Group) {
		return nil
	}
	if len(r.Levels) == 0 {
		return []string{r.Group}
	}
	return slices.DeleteFunc(r.Levels, func(l string) bool { return !plainName(l) })
}

// BeginLevel makes room for a coarser group of a store and writes its coordinates and the metadata of its arrays. The group's own
// document is the last that EndLevels writes: without it there is no such group.
func (t *Template) BeginLevel(ctx context.Context, objects core.ObjectStore, url string, p *plan.Plan) error {
	if err := objects.Delete(ctx, At(url).Metadata(t.Group())); err != nil {
		return err
	}
	if err := deletePrefix(ctx, objects, At(url).Below(t.Group())); err != nil {
		return err
	}
	if err := t.writeAxes(ctx, objects, At(url)); err != nil {
		return err
	}
	if err := t.writeCoords(ctx, objects, At(url), p); err != nil {
		return err
	}
	for _, key := range t.Arrays() {
		if err := putJSON(ctx, objects, At(url).Object(key), t.docs[key]); err != nil {
			return err
		}
	}
	return nil
}

// EndLevels writes the documents of new groups and links all groups of the store, each to the next finer and coarser one, and gives
// them. source says of what the new ones were made.
func EndLevels(ctx context.Context, objects core.ObjectStore, url string, made []*Template, source string) (levels []string, err error) {
	doc, err := readNode(ctx, objects, At(url).Metadata())
	if err != nil {
		return nil, err
	}
	levels = LevelsOf(doc.Attributes)
	if len(levels) == 0 {
		return nil, core.Errorf(core.Invalid, "levels", url, "the store's root does not say which group it has")
	}
	for _, t := range made {
		if !slices.Contains(levels, t.Group()) {
			levels = append(levels, t.Group())
		}
	}
	slices.SortStableFunc(levels[1:], func(a, b string) int { return cmp.Or(len(b)-len(a), strings.Compare(b, a)) })
	children := doc.children()
	to := &recorder{ObjectStore: objects, below: At(url).Below()}
	for i, name := range levels {
		k := slices.IndexFunc(made, func(t *Template) bool { return t.Group() == name })
		var group *node
		if k >= 0 {
			group, err = parseNode(name, made[k].group)
		} else {
			group, err = readNode(ctx, objects, At(url).Metadata(name))
		}
		if err != nil {
			return nil, err
		}
		links := map[string]string{"finer_group": "", "coarser_group": ""}
		if i > 0 {
			links["finer_group"] = levels[i-1]
		}
		if i+1 < len(levels) {
			links["coarser_group"] = levels[i+1]
		}
		if k >= 0 {
			links["source_records"] = source
		}
		written, err := group.linked(links)
		if err != nil {
			return nil, err
		}
		if err := putJSON(ctx, to, At(url).Metadata(name), written); err != nil {
			return nil, err
		}
		if children == nil {
			continue
		}
		children[name] = written
		if k >= 0 {
			for key, array := range made[k].docs {
				children[strings.TrimSuffix(key, "/"+document)] = array
			}
		}
	}
	if err := putRoot(ctx, to, url, doc.Attributes, levels, children); err != nil {
		return nil, err
	}
	return levels, remake(ctx, objects, url, to.made)
}

// putRoot writes the root's document with all levels.
func putRoot(ctx context.Context, objects core.ObjectStore, url string, attrs json.RawMessage, levels []string, children map[string]json.RawMessage) error {
	own, err := json.Marshal(root{levels[0], levels})
	if err != nil {
		return err
	}
	type layout struct {
		Asset string `json:"asset"`
		From  string `json:"derived_from,omitempty"`
	}
	scales := make([]layout, len(levels))
	for i, l := range levels {
		if scales[i].Asset = l; i > 0 {
			scales[i].From = levels[0]
		}
	}
	multi, err := json.Marshal(map[string]any{"layout": scales})
	if err != nil {
		return err
	}
	more, err := json.Marshal(map[string]string{"zagg": string(own), "multiscales": string(multi)})
	if err != nil {
		return err
	}
	if attrs, err = withMembers(attrs, more); err != nil {
		return err
	}
	doc, err := zarr.GroupMetadata(attrs, children)
	if err != nil {
		return err
	}
	return putJSON(ctx, objects, At(url).Metadata(), doc)
}

// A node is the document of a group.
type node struct {
	Attributes   json.RawMessage `json:"attributes"`
	Consolidated *struct {
		Metadata map[string]json.RawMessage `json:"metadata"`
	} `json:"consolidated_metadata"`
}

func readNode(ctx context.Context, objects core.ObjectReader, url string) (*node, error) {
	doc, err := objstore.ReadAll(ctx, objects, url, maxDocument)
	if err != nil {
		return nil, err
	}
	return parseNode(url, doc)
}

func parseNode(url string, doc []byte) (*node, error) {
	var n node
	if err := json.Unmarshal(doc, &n); err != nil {
		return nil, core.Errorf(core.Corrupt, "levels", url, "is not JSON: %w", err)
	}
	return &n, nil
}

func (n *node) children() map[string]json.RawMessage {
	if n.Consolidated == nil {
		return nil
	}
	if n.Consolidated.Metadata == nil {
		return map[string]json.RawMessage{}
	}
	return n.Consolidated.Metadata
}

// document is the group's document.
func (n *node) document() ([]byte, error) { return zarr.GroupMetadata(n.Attributes, n.children()) }

// linked is the document with some attributes set, or gone where they are "".
func (n *node) linked(links map[string]string) ([]byte, error) {
	attrs := map[string]json.RawMessage{}
	if len(n.Attributes) > 0 {
		if err := json.Unmarshal(n.Attributes, &attrs); err != nil {
			return nil, err
		}
	}
	for name, value := range links {
		if value == "" {
			delete(attrs, name)
			continue
		}
		text, err := json.Marshal(value)
		if err != nil {
			return nil, err
		}
		attrs[name] = text
	}
	raw, err := json.Marshal(attrs)
	if err != nil {
		return nil, err
	}
	return zarr.GroupMetadata(raw, n.children())
}

// SavedConfig is the configuration that a store was made from, as set-up has kept it beside the store; NotFound where it has not.
func SavedConfig(ctx context.Context, objects core.ObjectReader, url string) ([]byte, error) {
	data, err := objstore.ReadAll(ctx, objects, At(url).Config(), maxDocument)
	return bytes.TrimSpace(data), err
}
