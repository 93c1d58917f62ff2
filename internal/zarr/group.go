package zarr

// Groups to be written, with consolidated metadata.

import (
	"bytes"
	"cmp"
	"encoding/json"
	"slices"
	"strings"

	"github.com/englacial/zagg/core"
)

// groupDocument is a group's zarr.json with the members in zarr-python's order.
type groupDocument struct {
	Attributes   json.RawMessage `json:"attributes"`
	ZarrFormat   int             `json:"zarr_format"`
	Consolidated *consolidated   `json:"consolidated_metadata,omitempty"`
	NodeType     string          `json:"node_type"`
}

type consolidated struct {
	Kind           string  `json:"kind"`
	MustUnderstand bool    `json:"must_understand"`
	Metadata       ordered `json:"metadata"`
}

// ordered is a JSON object whose members keep their order.
type ordered []member

type member struct {
	path string
	doc  json.RawMessage
}

// MarshalJSON writes the members in order.
func (o ordered) MarshalJSON() ([]byte, error) {
	var b bytes.Buffer
	b.WriteByte('{')
	for i, m := range o {
		if i > 0 {
			b.WriteByte(',')
		}
		name, err := json.Marshal(m.path)
		if err != nil {
			return nil, err
		}
		b.Write(name)
		b.WriteByte(':')
		b.Write(m.doc)
	}
	b.WriteByte('}')
	return b.Bytes(), nil
}

// GroupMetadata is a group's zarr.json. With children it has consolidated metadata inline, as zarr-python 3 writes and
// reads it: children has the zarr.json of every array and group at any depth below, by path relative to this group
// ("12", "12/count"); nil leaves consolidated metadata out, an empty map says that there is no child. A child group's
// own consolidated metadata is replaced by an empty one, which readers fill from this document; every parent of a child
// must be there too.
func GroupMetadata(attrs json.RawMessage, children map[string]json.RawMessage) ([]byte, error) {
	const op = "zarr.GroupMetadata"
	attrs, err := object(op, "", attrs)
	if err != nil {
		return nil, err
	}
	doc := groupDocument{Attributes: attrs, ZarrFormat: 3, NodeType: "group"}
	if children == nil {
		return document(op, "", doc)
	}
	all := ordered{}
	for path, raw := range children {
		child, err := childDocument(path, raw)
		if err != nil {
			return nil, err
		}
		if i := strings.LastIndexByte(path, '/'); i >= 0 && children[path[:i]] == nil {
			return nil, core.Errorf(core.Invalid, op, path, "its parent group %q is not among the children", path[:i])
		}
		all = append(all, member{path, child})
	}
	// The order of zarr-python: by depth, then by name without regard to case.
	slices.SortFunc(all, func(a, b member) int {
		return cmp.Or(cmp.Compare(strings.Count(a.path, "/"), strings.Count(b.path, "/")),
			cmp.Compare(strings.ToLower(a.path), strings.ToLower(b.path)), cmp.Compare(a.path, b.path))
	})
	doc.Consolidated = &consolidated{Kind: "inline", Metadata: all}
	return document(op, "", doc)
}

// childDocument is a child's zarr.json as it stands in its parent's consolidated metadata.
func childDocument(path string, raw json.RawMessage) (json.RawMessage, error) {
	const op = "zarr.GroupMetadata"
	if !validPath(path) {
		return nil, core.Errorf(core.Invalid, op, path, "not a path of a node: names joined by /, none of them empty, . or ..")
	}
	var head struct {
		NodeType   string          `json:"node_type"`
		Attributes json.RawMessage `json:"attributes"`
	}
	if err := json.Unmarshal(raw, &head); err != nil {
		return nil, core.Errorf(core.Invalid, op, path, "not a zarr.json: %w", err)
	}
	switch head.NodeType {
	case "array":
		return raw, nil
	case "group":
		attrs, err := object(op, path, head.Attributes)
		if err != nil {
			return nil, err
		}
		return document(op, path, groupDocument{attrs, 3, &consolidated{Kind: "inline", Metadata: ordered{}}, "group"})
	}
	return nil, core.Errorf(core.Invalid, op, path, "node_type %q is neither array nor group", head.NodeType)
}

// validPath reports whether path is one or more node names of the Zarr core specification, joined by "/".
func validPath(path string) bool {
	for name := range strings.SplitSeq(path, "/") {
		if strings.Trim(name, ".") == "" {
			return false
		}
	}
	return true
}
