package cli

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

// An h5Info is an object or link as JSON.
type h5Info struct {
	Path    h5Text  `json:"path"`
	Kind    string  `json:"kind"`             // group, dataset, datatype; hard link, soft link, external link
	Target  *h5Text `json:"target,omitempty"` // of a link; of a hard link, the path at which its object is described
	File    *h5Text `json:"file,omitempty"`   // external link
	Address *uint64 `json:"address,omitempty"`
	Type    h5Text  `json:"type,omitempty"`
	Tree    *h5Type `json:"datatype,omitempty"`
	*h5Data
	Count      *int     `json:"attribute_count,omitempty"`
	Attributes *h5Attrs `json:"attributes,omitempty"`
	Links      []h5Info `json:"links,omitempty"`
	Error      string   `json:"error,omitempty"`
}

// An h5Data is what datasets alone have.
type h5Data struct {
	Shape      *[]uint64       `json:"shape"` // null: the dataspace is null; []: a scalar
	MaxShape   []*uint64       `json:"max_shape"`
	Storage    string          `json:"storage"`
	ChunkShape []uint64        `json:"chunk_shape"` // null: not chunked
	Filters    []h5Stage       `json:"filters"`
	Fill       json.RawMessage `json:"fill_value"` // null: zeros, of a large element
	*h5Stored
	Chunks *[]h5Chunk `json:"chunks,omitempty"`
	Hash   string     `json:"sha256,omitempty"` // of the values

	Unhashed string `json:"unhashed,omitempty"` // why there is no hash
}

type h5Stage struct {
	ID       int      `json:"id"`
	Name     h5Text   `json:"name"`
	Params   []uint32 `json:"params"`
	Optional bool     `json:"optional"`
}

// An h5Stored is how much of the file a dataset takes.
type h5Stored struct {
	Count int     `json:"chunk_count"`
	Bytes int64   `json:"stored_bytes"`
	Ratio float64 `json:"ratio,omitempty"` // bytes of values for one that is stored
}

// An h5Chunk is a line of the chunk table.
type h5Chunk struct {
	Start   []uint64 `json:"start"` // first element along each dimension
	First   int64    `json:"first_row"`
	Rows    int64    `json:"rows"`
	Address uint64   `json:"address"` // byte in the file, user block and all
	Size    int64    `json:"size"`
	Mask    uint32   `json:"mask"` // bit i: filter i was not applied
}

// An h5Attr is an attribute as JSON.
type h5Attr struct {
	Type  h5Text          `json:"type"`
	Tree  *h5Type         `json:"datatype"`
	Shape *[]uint64       `json:"shape"`
	Value json.RawMessage `json:"value,omitempty"`
	Hash  string          `json:"sha256,omitempty"`
	Error string          `json:"error,omitempty"`
}

// h5Attrs are attributes in their order, which a JSON object of them keeps.
type h5Attrs struct {
	names []string
	attrs []h5Attr
}

// MarshalJSON implements json.Marshaler.
func (a *h5Attrs) MarshalJSON() ([]byte, error) {
	b := []byte{'{'}
	for i := range a.attrs {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(h5Quote(b, a.names[i]), ':')
		v, err := h5Marshal(&a.attrs[i])
		if err != nil {
			return nil, err
		}
		b = append(b, v...)
	}
	return append(b, '}'), nil
}

// h5Marshal is json.Marshal without what HTML needs.
func h5Marshal(v any) ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	err := enc.Encode(v)
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), err
}

// An h5Describer makes descriptions of what a walk visits.
type h5Describer struct {
	s      *h5Source
	attrs  bool // with attributes' values; otherwise their number
	sizes  bool // with what is stored
	chunks bool // with the chunk table
}

// style is how values are written.
func (d *h5Describer) style(ctx context.Context, text, brief bool) *h5Style {
	return &h5Style{text: text, brief: brief, path: func(address uint64) string { return d.s.refs.path(ctx, address) }}
}

func h5TextOf(s string) *h5Text {
	t := h5Text(s)
	return &t
}

// info describes an entry.
func (d *h5Describer) info(ctx context.Context, e *h5Entry) *h5Info {
	i := &h5Info{Path: h5Text(e.path)}
	if e.err != nil {
		i.Error = h5Reason(e.err)
	}
	if e.object == nil {
		d.link(i, e)
		return i
	}
	address := e.object.Address()
	i.Kind, i.Address = e.object.Kind().String(), &address
	if e.object.Kind() == h5.DatatypeKind {
		if t, err := e.object.Datatype(); err == nil {
			i.Type, i.Tree = h5Text(h5TypeName(t)), h5TypeTree(t)
		} else if i.Error == "" {
			i.Error = h5Reason(err)
		}
	}
	if set := e.dataset(); set != nil {
		i.Type, i.Tree = h5Text(h5TypeName(set.Type())), h5TypeTree(set.Type())
		i.h5Data = d.data(ctx, set)
		if d.sizes || d.chunks {
			if err := d.stored(ctx, i.h5Data, set); err != nil && i.Error == "" {
				i.Error = h5Reason(err)
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

func (d *h5Describer) link(i *h5Info, e *h5Entry) {
	switch l := e.link; {
	case l.Kind == h5.SoftLink:
		i.Kind, i.Target = "soft link", h5TextOf(l.Target)
	case l.Kind == h5.ExternalLink:
		i.Kind, i.Target, i.File = "external link", h5TextOf(l.Target), h5TextOf(l.File)
	case l.Kind != h5.HardLink:
		i.Kind = "user-defined link"
	default:
		i.Kind = "hard link"
		if i.Address = &l.Address; e.first != "" {
			i.Target = h5TextOf(e.first)
		}
	}
}

func h5ShapeOf(s h5.Dataspace) *[]uint64 {
	if s.Null {
		return nil
	}
	dims := append([]uint64{}, s.Dims...)
	return &dims
}

func (d *h5Describer) data(ctx context.Context, set *h5.Dataset) *h5Data {
	space := set.Space()
	i := &h5Data{Shape: h5ShapeOf(space), Storage: set.Storage().String(), ChunkShape: set.ChunkShape(), Filters: []h5Stage{}}
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
		i.Filters = append(i.Filters, h5Stage{f.ID, h5Text(h5FilterName(f)), append([]uint32{}, f.Params...), f.Optional})
	}
	if h5FillShown(set) {
		fill := &h5.Values{Type: set.Type(), Data: set.Fill()}
		i.Fill = d.style(ctx, false, false).element(nil, fill, fill.Type, fill.Data)
	}
	return i
}

// stored fills in what the chunk table says.
func (d *h5Describer) stored(ctx context.Context, i *h5Data, set *h5.Dataset) error {
	table, err := set.Chunks(ctx)
	if err != nil {
		return err
	}
	s := &h5Stored{Count: len(table)}
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
	i.h5Stored = s
	if !d.chunks {
		return nil
	}
	lines := make([]h5Chunk, len(table))
	for k, c := range table {
		lines[k] = h5Chunk{c.Start, c.First, c.Rows, c.Address + uint64(d.s.UserBlock()), c.Size, c.Mask}
	}
	i.Chunks = &lines
	return nil
}

func (d *h5Describer) attributes(ctx context.Context, attrs []*h5.Attribute) *h5Attrs {
	out := &h5Attrs{}
	for _, a := range attrs {
		i := h5Attr{Type: h5Text(h5TypeName(a.Type)), Tree: h5TypeTree(a.Type), Shape: h5ShapeOf(a.Space)}
		if v, err := a.Values(ctx); err != nil {
			i.Error = h5Reason(err)
		} else {
			var b bytes.Buffer
			h5WriteValues(&b, v, a.Space, d.style(ctx, false, false), "")
			sum := sha256.Sum256(v.AppendPacked(nil))
			i.Value, i.Hash = b.Bytes(), hex.EncodeToString(sum[:])
		}
		out.names, out.attrs = append(out.names, a.Name), append(out.attrs, i)
	}
	return out
}

// h5WriteValues writes values that are in memory whole.
func h5WriteValues(b *bytes.Buffer, v *h5.Values, space h5.Dataspace, style *h5Style, indent string) {
	if space.Null {
		b.WriteString("null")
		return
	}
	w := bufio.NewWriter(b)
	n := h5Nest{w: w, style: style, indent: indent, dims: v.Shape}
	n.begin()
	for i := range v.Len() {
		n.add(v, v.Element(i))
	}
	w.Flush()
}

// read reads a selection block after block and hands each to visit.
func (d *h5Describer) read(ctx context.Context, set *h5.Dataset, sel *h5Selection, visit func(*h5.Values) error) error {
	if set.Space().Null {
		return nil
	}
	return h5Blocks(set, sel, func(part h5.Selection) error { return h5Halve(ctx, set, part, visit) })
}

// h5Halve reads a block, in halves along its longest leading dimension where it needs more memory than it may have.
func h5Halve(ctx context.Context, set *h5.Dataset, sel h5.Selection, visit func(*h5.Values) error) error {
	v, err := set.Read(ctx, sel)
	if err == nil {
		return visit(v)
	}
	if core.CodeOf(err) != core.Invalid {
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
			if err := h5Halve(ctx, set, now, visit); err != nil {
				return err
			}
		}
		return nil
	}
	return err
}
