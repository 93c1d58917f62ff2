package h5dump

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/core/h5"
)

// An objectInfo is an object or link as JSON.
type objectInfo struct {
	Path    safeText  `json:"path"`
	Kind    string    `json:"kind"`             // group, dataset, datatype; hard link, soft link, external link
	Target  *safeText `json:"target,omitempty"` // of a link; of a hard link, the path at which its object is described
	File    *safeText `json:"file,omitempty"`   // external link
	Address *uint64   `json:"address,omitempty"`
	Type    safeText  `json:"type,omitempty"`
	Tree    *typeOf   `json:"datatype,omitempty"`
	*datasetInfo
	Count      *int         `json:"attribute_count,omitempty"`
	Attributes *attrList    `json:"attributes,omitempty"`
	Links      []objectInfo `json:"links,omitempty"`
	Error      string       `json:"error,omitempty"`
}

// A datasetInfo is what datasets alone have.
type datasetInfo struct {
	Shape      *[]uint64       `json:"shape"` // null: the dataspace is null; []: a scalar
	MaxShape   []*uint64       `json:"max_shape"`
	Storage    string          `json:"storage"`
	ChunkShape []uint64        `json:"chunk_shape"` // null: not chunked
	Filters    []filterInfo    `json:"filters"`
	Fill       json.RawMessage `json:"fill_value"` // null: zeros, of a large element
	*storedInfo
	Chunks *[]chunkInfo `json:"chunks,omitempty"`
	Hash   string       `json:"sha256,omitempty"` // of the values

	Unhashed string `json:"unhashed,omitempty"` // why there is no hash
}

type filterInfo struct {
	ID       int      `json:"id"`
	Name     safeText `json:"name"`
	Params   []uint32 `json:"params"`
	Optional bool     `json:"optional"`
}

// A storedInfo is how much of the file a dataset takes.
type storedInfo struct {
	Count int     `json:"chunk_count"`
	Bytes int64   `json:"stored_bytes"`
	Ratio float64 `json:"ratio,omitempty"` // bytes of values for one that is stored
}

// A chunkInfo is a line of the chunk table.
type chunkInfo struct {
	Start   []uint64 `json:"start"` // first element along each dimension
	First   int64    `json:"first_row"`
	Rows    int64    `json:"rows"`
	Address uint64   `json:"address"` // byte in the file, user block and all
	Size    int64    `json:"size"`
	Mask    uint32   `json:"mask"` // bit i: filter i was not applied
}

// An attrInfo is an attribute as JSON.
type attrInfo struct {
	Type  safeText        `json:"type"`
	Tree  *typeOf         `json:"datatype"`
	Shape *[]uint64       `json:"shape"`
	Value json.RawMessage `json:"value,omitempty"`
	Hash  string          `json:"sha256,omitempty"`
	Error string          `json:"error,omitempty"`
}

// attrList are attributes in their order, which a JSON object of them keeps.
type attrList struct {
	names []string
	attrs []attrInfo
}

// MarshalJSON implements json.Marshaler.
func (a *attrList) MarshalJSON() ([]byte, error) {
	b := []byte{'{'}
	for i := range a.attrs {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(quoteText(b, a.names[i]), ':')
		v, err := marshal(&a.attrs[i])
		if err != nil {
			return nil, err
		}
		b = append(b, v...)
	}
	return append(b, '}'), nil
}

// marshal is json.Marshal without what HTML needs.
func marshal(v any) ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	err := enc.Encode(v)
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), err
}

// A describer makes descriptions of what a walk visits.
type describer struct {
	s      *source
	attrs  bool // with attributes' values; otherwise their number
	sizes  bool // with what is stored
	chunks bool // with the chunk table
}

// style is how values are written.
func (d *describer) style(ctx context.Context, text, brief bool) *valueStyle {
	return &valueStyle{text: text, brief: brief, path: func(address uint64) string { return d.s.refs.path(ctx, address) }}
}

func textOf(s string) *safeText {
	t := safeText(s)
	return &t
}

// info describes an entry.
func (d *describer) info(ctx context.Context, e *visited) *objectInfo {
	i := &objectInfo{Path: safeText(e.path)}
	if e.err != nil {
		i.Error = reasonOf(e.err)
	}
	if e.object == nil {
		d.link(i, e)
		return i
	}
	address := e.object.Address()
	i.Kind, i.Address = e.object.Kind().String(), &address
	if e.object.Kind() == h5.DatatypeKind {
		if t, err := e.object.Datatype(); err == nil {
			i.Type, i.Tree = safeText(typeName(t)), typeTree(t)
		} else if i.Error == "" {
			i.Error = reasonOf(err)
		}
	}
	if set := e.dataset(); set != nil {
		i.Type, i.Tree = safeText(typeName(set.Type())), typeTree(set.Type())
		i.datasetInfo = d.data(ctx, set)
		if d.sizes || d.chunks {
			if err := d.stored(ctx, i.datasetInfo, set); err != nil && i.Error == "" {
				i.Error = reasonOf(err)
			}
		}
	}
	if n := len(e.attrs); !d.attrs {
		i.Count = &n
	} else {
		i.Attributes = d.attributes(ctx, e.attrs)
	}
	return i
}

func (d *describer) link(i *objectInfo, e *visited) {
	switch l := e.link; {
	case l.Kind == h5.SoftLink:
		i.Kind, i.Target = "soft link", textOf(l.Target)
	case l.Kind == h5.ExternalLink:
		i.Kind, i.Target, i.File = "external link", textOf(l.Target), textOf(l.File)
	case l.Kind != h5.HardLink:
		i.Kind = "user-defined link"
	default:
		i.Kind = "hard link"
		if i.Address = &l.Address; e.first != "" {
			i.Target = textOf(e.first)
		}
	}
}

func shapeOf(s h5.Dataspace) *[]uint64 {
	if s.Null {
		return nil
	}
	dims := append([]uint64{}, s.Dims...)
	return &dims
}

func (d *describer) data(ctx context.Context, set *h5.Dataset) *datasetInfo {
	space := set.Space()
	i := &datasetInfo{Shape: shapeOf(space), Storage: set.Storage().String(), ChunkShape: set.ChunkShape(), Filters: []filterInfo{}}
	if !space.Null {
		i.MaxShape = []*uint64{}
	}
	for _, n := range space.Max {
		most := &n
		if n == h5.Unlimited {
			most = nil
		}
		i.MaxShape = append(i.MaxShape, most)
	}
	for _, f := range set.Filters() {
		i.Filters = append(i.Filters, filterInfo{f.ID, safeText(filterName(f)), append([]uint32{}, f.Params...), f.Optional})
	}
	if fillShown(set) {
		fill := &h5.Values{Type: set.Type(), Data: set.Fill()}
		i.Fill = d.style(ctx, false, false).element(nil, fill, fill.Type, fill.Data)
	}
	return i
}

// stored fills in what the chunk table says.
func (d *describer) stored(ctx context.Context, i *datasetInfo, set *h5.Dataset) error {
	table, err := set.Chunks(ctx)
	if err != nil {
		return err
	}
	s := &storedInfo{Count: len(table)}
	for _, c := range table {
		s.Bytes += c.Size
	}
	space := set.Space()
	whole := int64(space.Elements()) * int64(set.Type().Size) // less than 2⁶³: datasets are checked
	if set.Storage() == h5.Compact {
		s.Bytes = whole
	}
	if s.Bytes > 0 {
		s.Ratio = float64(whole) / float64(s.Bytes)
	}
	i.storedInfo = s
	if !d.chunks {
		return nil
	}
	lines := make([]chunkInfo, len(table))
	for k, c := range table {
		lines[k] = chunkInfo{c.Start, c.First, c.Rows, c.Address + uint64(d.s.UserBlock()), c.Size, c.Mask}
	}
	i.Chunks = &lines
	return nil
}

func (d *describer) attributes(ctx context.Context, attrs []*h5.Attribute) *attrList {
	out := &attrList{}
	for _, a := range attrs {
		i := attrInfo{Type: safeText(typeName(a.Type)), Tree: typeTree(a.Type), Shape: shapeOf(a.Space)}
		if v, err := a.Values(ctx); err != nil {
			i.Error = reasonOf(err)
		} else {
			var b bytes.Buffer
			writeValues(&b, v, a.Space, d.style(ctx, false, false), "")
			sum := sha256.Sum256(v.AppendPacked(nil))
			i.Value, i.Hash = b.Bytes(), hex.EncodeToString(sum[:])
		}
		out.names, out.attrs = append(out.names, a.Name), append(out.attrs, i)
	}
	return out
}

// writeValues writes values that are in memory whole.
func writeValues(b *bytes.Buffer, v *h5.Values, space h5.Dataspace, style *valueStyle, indent string) {
	if space.Null {
		b.WriteString("null")
		return
	}
	w := bufio.NewWriter(b)
	n := nesting{w: w, style: style, indent: indent, dims: v.Shape}
	n.begin()
	for i := range v.Len() {
		n.add(v, v.Element(i))
	}
	w.Flush()
}

// read reads a selection block after block and hands each to visit.
func (d *describer) read(ctx context.Context, set *h5.Dataset, sel *selected, visit func(*h5.Values) error) error {
	if set.Space().Null {
		return nil
	}
	return blocksOf(set, sel, func(part h5.Selection) error { return halve(ctx, set, part, visit) })
}

// halve reads a block, in halves along its longest leading dimension where it needs more memory than it may have.
func halve(ctx context.Context, set *h5.Dataset, sel h5.Selection, visit func(*h5.Values) error) error {
	v, err := set.Read(ctx, sel)
	if err == nil {
		return visit(v)
	}
	if !core.Is(err, core.Invalid) {
		return err
	}
	for i := range sel {
		s := sel[i][0]
		if s.Count < 2 {
			continue
		}
		half := s.Count / 2
		for _, part := range []h5.Span{{Start: s.Start, Count: half, Stride: s.Stride}, {Start: s.Start + half*s.Stride, Count: s.Count - half, Stride: s.Stride}} {
			now := append(h5.Selection{}, sel...)
			now[i] = []h5.Span{part}
			if err := halve(ctx, set, now, visit); err != nil {
				return err
			}
		}
		return nil
	}
	return err
}
